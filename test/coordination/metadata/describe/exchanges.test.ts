/** What a running Kafka answered about topics and settings, asked of our decisions on an image of the same topics. */
import { describe, expect, it } from 'vitest'
import { clusterOperations, topicOperations } from '../../../../src/coordination/authorized-operations.ts'
import { decideCreatePartitions } from '../../../../src/coordination/metadata/decide/create-partitions.ts'
import { decideCreateTopics } from '../../../../src/coordination/metadata/decide/create-topics.ts'
import { decideDeleteTopics } from '../../../../src/coordination/metadata/decide/delete-topics.ts'
import { decideIncrementalAlterConfigs } from '../../../../src/coordination/metadata/decide/incremental-alter-configs.ts'
import { describeCluster } from '../../../../src/coordination/metadata/describe/describe-cluster.ts'
import { describeConfigs } from '../../../../src/coordination/metadata/describe/describe-configs.ts'
import { describeMetadata } from '../../../../src/coordination/metadata/describe/describe-metadata.ts'
import { describeTopicPartitions } from '../../../../src/coordination/metadata/describe/describe-topic-partitions.ts'
import { listConfigResources } from '../../../../src/coordination/metadata/describe/list-config-resources.ts'
import type { MetadataImage } from '../../../../src/coordination/metadata/image.ts'
import type { MetadataRecord } from '../../../../src/coordination/metadata/record.ts'
import { compile } from '../../../../src/protocol/codec/compile.ts'
import { createPartitions } from '../../../../src/protocol/messages/create-partitions.ts'
import { createTopics } from '../../../../src/protocol/messages/create-topics.ts'
import { deleteTopics } from '../../../../src/protocol/messages/delete-topics.ts'
import { describeCluster as describeClusterApi } from '../../../../src/protocol/messages/describe-cluster.ts'
import { describeConfigs as describeConfigsApi } from '../../../../src/protocol/messages/describe-configs.ts'
import { describeTopicPartitions as describeTopicPartitionsApi } from '../../../../src/protocol/messages/describe-topic-partitions.ts'
import { incrementalAlterConfigs } from '../../../../src/protocol/messages/incremental-alter-configs.ts'
import { listConfigResources as listConfigResourcesApi } from '../../../../src/protocol/messages/list-config-resources.ts'
import { metadata } from '../../../../src/protocol/messages/metadata.ts'
import { compareAll, type Exchange, exchanges } from '../../exchanges.ts'
import { applied, CLUSTER_ID, cluster, uuid } from '../support.ts'

const topicIds = {
  __share_group_state: 'al0PNVH2SfCACG1--BPNJg',
  compact: 'vrSc-HrqRvajVXZyXXRATw',
  plain: 'gNOKm0zfSmuhIFWS93um1A',
  __transaction_state: '1J6Q4t40QWy13Ja1NA8qTw',
  txn: '34HuRjWMTB2WfL-Cx4RKiQ',
  __consumer_offsets: 'GpKxU67SRFKYy_1mAeSJgA',
}

function config(resourceType: number, resourceName: string, name: string, value: string): MetadataRecord {
  return { type: 'ConfigRecord', value: { resourceType, resourceName, name, value } }
}

/** The cluster that Kafka was when it was asked. */
function recordedCluster(): MetadataImage {
  const topics = Object.entries(topicIds).flatMap(([name, topicId]): MetadataRecord[] => [
    { type: 'TopicRecord', value: { name, topicId } },
    {
      type: 'PartitionRecord',
      value: {
        partitionId: 0,
        topicId,
        replicas: [1],
        isr: [1],
        removingReplicas: [],
        addingReplicas: [],
        leader: 1,
        leaderRecoveryState: 0,
        leaderEpoch: 0,
        partitionEpoch: 0,
        directories: [uuid(1001)],
        eligibleLeaderReplicas: null,
        lastKnownElr: null,
      },
    },
  ])
  return applied(cluster(null), [
    ...topics,
    config(2, 'plain', 'retention.ms', '86400000'),
    config(2, 'plain', 'segment.ms', '400'),
    config(2, 'plain', 'index.interval.bytes', '200'),
    config(2, 'plain', 'segment.index.bytes', '4096'),
    config(4, '', 'min.insync.replicas', '1'),
    config(4, '', 'max.connections', '1000'),
    config(32, 'modern', 'consumer.session.timeout.ms', '50000'),
    config(32, 'sharing', 'share.session.timeout.ms', '45000'),
  ])
}

/** Where our default differs on purpose, Kafka's stands in its place: all else must be the same. */
const KAFKAS_DEFAULTS: Readonly<Record<string, string>> = {
  'broker.heartbeat.interval.ms': '2000',
  'broker.session.timeout.ms': '9000',
}

function withKafkasDefaults(answer: ReturnType<typeof describeConfigs>): ReturnType<typeof describeConfigs> {
  const results = answer.results.map((result) => ({
    ...result,
    configs: result.configs.map((row) => {
      const value = KAFKAS_DEFAULTS[row.name]
      if (value === undefined) return row
      return { ...row, value, synonyms: (row.synonyms ?? []).map((synonym) => ({ ...synonym, value })) }
    }),
  }))
  return { ...answer, results }
}

const image = recordedCluster()
const node = {
  nodeId: 1,
  statics: new Map([
    ['log.segment.delete.delay.ms', '1000'],
    ['log.index.size.max.bytes', '65536'],
  ]),
  loggers: new Map(),
}
const view = {
  nodeId: 1,
  listenerName: 'PLAINTEXT',
  dialled: { host: '127.0.0.1', port: 39092 },
  clusterId: CLUSTER_ID,
  controllerId: 1,
  mayDescribe: () => true,
  topicOperations: () => topicOperations,
  clusterOperations,
}

describe('recorded exchanges', () => {
  it('Metadata, every version', () => {
    compareAll(metadata, 30, (request, version) => describeMetadata(image, request, version, view))
  })

  it('DescribeCluster', () => {
    compareAll(describeClusterApi, 3, (request) => describeCluster(image, request, view))
  })

  it('DescribeTopicPartitions', () => {
    compareAll(describeTopicPartitionsApi, 1, (request) => describeTopicPartitions(image, request, view))
  })

  it('ListConfigResources', () => {
    compareAll(listConfigResourcesApi, 2, (request, version) => listConfigResources(image, request, version))
  })

  it('IncrementalAlterConfigs', () => {
    compareAll(
      incrementalAlterConfigs,
      2,
      (request) => decideIncrementalAlterConfigs(image, request, node).reply,
    )
  })

  it('CreateTopics, with the settings of the new topic', () => {
    const context = { ...node, topicIds: Array(5).fill(uuid(0)) }
    // The id of a topic that is only validated is any.
    const reply = (request: Parameters<typeof decideCreateTopics>[1]) =>
      decideCreateTopics(image, request, context).reply
    compareAll(createTopics, 5, reply, ({ version }) => version < 7)
  })

  it('DeleteTopics', () => {
    compareAll(deleteTopics, 6, (request) => decideDeleteTopics(image, request, node).reply)
  })

  it('CreatePartitions', () => {
    compareAll(createPartitions, 4, (request) => decideCreatePartitions(image, request).reply)
  })

  it('DescribeConfigs of topics by name, of the cluster, of what is absent', () => {
    const whole = exchanges.filter(({ api }) => api === 'DescribeConfigs')
    // The broker's own settings depend on the whole of its properties file.
    const wanted = (exchange: Exchange) => whole.indexOf(exchange) !== 0
    compareAll(describeConfigsApi, 9, (request) => describeConfigs(image, request, node), wanted)
  })

  it('DescribeConfigs of a broker, all of its settings', () => {
    const [whole] = exchanges.filter(({ api }) => api === 'DescribeConfigs')
    const theirs = compile(describeConfigsApi.response, 4).decode(
      Buffer.from(whole?.responseBodyHex ?? '', 'hex'),
    )
    if (!theirs.ok) throw new Error('no recorded answer')
    // The answer itself tells what its properties file and its dynamic settings were.
    const statics = new Map<string, string>()
    const dynamic: MetadataRecord[] = []
    for (const { synonyms } of theirs.value.results[0]?.configs ?? []) {
      for (const { name, value, source } of synonyms) {
        if (source === 4) statics.set(name, value ?? 'secret')
        else if (source < 4) dynamic.push(config(4, source === 2 ? '1' : '', name, value ?? 'secret'))
      }
    }
    expect(statics.size).toBeGreaterThan(20)
    const set = applied(image, dynamic)
    const view = { ...node, statics }
    compareAll(
      describeConfigsApi,
      1,
      (request) => withKafkasDefaults(describeConfigs(set, request, view)),
      (exchange) => exchange === whole,
    )
  })
})
