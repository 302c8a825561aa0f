/** Answers from the image beyond the recorded ones: leaders that are gone, listeners, cursors, broker settings. */
import { describe, expect, it } from 'vitest'
import { clusterOperations, topicOperations } from '../../../../src/coordination/authorized-operations.ts'
import { decideFenceBroker } from '../../../../src/coordination/metadata/decide/fence-broker.ts'
import { describeCluster } from '../../../../src/coordination/metadata/describe/describe-cluster.ts'
import { describeConfigs } from '../../../../src/coordination/metadata/describe/describe-configs.ts'
import {
  describeMetadata,
  type MetadataView,
} from '../../../../src/coordination/metadata/describe/describe-metadata.ts'
import { describeTopicPartitions } from '../../../../src/coordination/metadata/describe/describe-topic-partitions.ts'
import { listConfigResources } from '../../../../src/coordination/metadata/describe/list-config-resources.ts'
import type { MetadataImage } from '../../../../src/coordination/metadata/image.ts'
import { topicByName } from '../../../../src/coordination/metadata/image.ts'
import { applied, CLUSTER_ID, cluster, node, uuid, withTopic } from '../support.ts'

const view: MetadataView = {
  nodeId: 1,
  listenerName: 'PLAINTEXT',
  dialled: null,
  clusterId: CLUSTER_ID,
  controllerId: 1,
  mayDescribe: (topic: string) => topic !== 'secret',
  topicOperations: () => topicOperations,
  clusterOperations,
}

const asked = {
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
}

function metadata(
  image: MetadataImage,
  topics: { name: string | null; topicId: string }[] | null,
  on = view,
) {
  return describeMetadata(image, { ...asked, topics }, 13, on)
}

function named(...names: (string | null)[]) {
  return names.map((name) => ({ name, topicId: uuid(0) }))
}

describe('Metadata', () => {
  it('answers 5 and no leader where nobody leads, and names offline replicas', () => {
    const image = withTopic(cluster(null, null), 't', {
      assignments: [
        [1, 2],
        [1, 2],
      ],
    })
    const one = applied(image, decideFenceBroker(image, { brokerId: 2, brokerEpoch: 2n }, node).records)
    expect(metadata(one, named('t')).topics[0]?.partitions[0]).toMatchObject({
      errorCode: 0,
      leaderId: 1,
      offlineReplicas: [2],
    })
    const none = applied(one, decideFenceBroker(one, { brokerId: 1, brokerEpoch: 1n }, node).records)
    const body = metadata(none, named('t'))
    expect(body.brokers).toEqual([])
    expect(body.topics[0]).toMatchObject({ errorCode: 0, partitions: [{ errorCode: 5, leaderId: -1 }, {}] })
  })

  it('sends clients to the same listener of other brokers, and 72 where a leader has none', () => {
    const image = withTopic(cluster(null), 't')
    const elsewhere = { ...view, listenerName: 'SSL' }
    expect(metadata(image, null, elsewhere)).toMatchObject({
      brokers: [],
      topics: [{ partitions: [{ errorCode: 72, leaderId: -1 }] }],
    })
    const dialled = { ...elsewhere, dialled: { host: 'seen', port: 5 } }
    expect(metadata(image, null, dialled).brokers).toEqual([{ nodeId: 1, host: 'seen', port: 5, rack: null }])
  })

  it('shows nothing of topics that the client may not know', () => {
    const image = withTopic(withTopic(cluster(null), 'open'), 'secret')
    expect(metadata(image, null).topics.map(({ name }) => name)).toEqual(['open'])
    const byId = [{ name: null, topicId: topicByName(image, 'secret')?.id ?? '' }]
    expect(metadata(image, named('secret')).topics[0]?.errorCode).toBe(29)
    expect(metadata(image, byId).topics[0]).toMatchObject({ errorCode: 100, name: null })
  })

  it('answers no topics for an empty list, but all of them in version 0', () => {
    const image = withTopic(cluster(null), 't')
    expect(metadata(image, []).topics).toEqual([])
    expect(describeMetadata(image, { ...asked, topics: [] }, 0, view).topics).toHaveLength(1)
  })

  it('observed 30: fills authorized operations when asked', () => {
    const image = withTopic(cluster(null), 't')
    const request = {
      topics: named('t', 'absent'),
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: true,
      includeTopicAuthorizedOperations: true,
    }
    const body = describeMetadata(image, request, 8, view)
    expect(body.clusterAuthorizedOperations).toBe(8096)
    expect(body.topics.map((topic) => topic.topicAuthorizedOperations)).toEqual([3576, -2147483648])
  })
})

describe('DescribeTopicPartitions', () => {
  const image = withTopic(withTopic(withTopic(cluster(null), 'a'), 'plain', { partitions: 5 }), 'z')

  function page(
    names: string[],
    limit: number,
    cursor: { topicName: string; partitionIndex: number } | null = null,
  ) {
    const topics = names.map((name) => ({ name }))
    const body = describeTopicPartitions(image, { topics, responsePartitionLimit: limit, cursor }, view)
    const shown = body.topics.map(
      ({ name, errorCode, partitions }) =>
        `${name}:${errorCode === 0 ? partitions.map(({ partitionIndex }) => partitionIndex) : `e${errorCode}`}`,
    )
    return [shown.join(' '), body.nextCursor]
  }

  it('pages through all topics in order of their names', () => {
    expect(page([], 3)).toEqual(['a:0 plain:0,1', { topicName: 'plain', partitionIndex: 2 }])
    expect(page([], 3, { topicName: 'plain', partitionIndex: 2 })).toEqual([
      'plain:2,3,4',
      { topicName: 'z', partitionIndex: 0 },
    ])
    expect(page([], 3, { topicName: 'z', partitionIndex: 0 })).toEqual(['z:0', null])
  })

  it('goes on behind a topic that is gone, and never stands still', () => {
    expect(page([], 2, { topicName: 'gone', partitionIndex: 2 })[0]).toBe('plain:0,1')
    expect(page(['plain'], 0)).toEqual(['plain:0', { topicName: 'plain', partitionIndex: 1 }])
  })

  it('answers topics in order, errors in their place', () => {
    expect(page(['plain', 'zz', 'bad name!', 'c1'], 2)).toEqual([
      'bad name!:e17 c1:e3 plain:0,1',
      { topicName: 'plain', partitionIndex: 2 },
    ])
  })

  it('refuses a cursor that is none', () => {
    expect(page(['plain'], 2, { topicName: 'plain', partitionIndex: -1 })).toEqual(['plain:e42', null])
    expect(page(['plain'], 2, { topicName: 'zzz', partitionIndex: 0 })).toEqual(['plain:e42', null])
  })
})

describe('DescribeCluster', () => {
  it('knows its own kind of endpoint only', () => {
    const ask = (endpointType: number) =>
      describeCluster(
        cluster(null),
        { endpointType, includeClusterAuthorizedOperations: false, includeFencedBrokers: false },
        view,
      )
    expect([ask(2).errorCode, ask(9).errorCode, ask(9).errorMessage]).toEqual([
      114,
      115,
      'Unsupported endpoint type 9',
    ])
  })

  it('lists fenced brokers when asked', () => {
    const image = cluster(null, null)
    const fenced = applied(image, decideFenceBroker(image, { brokerId: 2, brokerEpoch: 2n }, node).records)
    const request = { endpointType: 1, includeClusterAuthorizedOperations: false }
    const ids = (includeFencedBrokers: boolean) =>
      describeCluster(fenced, { ...request, includeFencedBrokers }, view).brokers.map(
        ({ brokerId }) => brokerId,
      )
    expect([ids(false), ids(true)]).toEqual([[1], [1, 2]])
  })
})

describe('ListConfigResources', () => {
  it('refuses a type that has no settings to list', () => {
    expect(listConfigResources(cluster(null), { resourceTypes: [2, 99] }, 1).errorCode).toBe(35)
  })
})

describe('DescribeConfigs of brokers', () => {
  const statics = new Map([
    ['node.id', '1'],
    ['ssl.key.password', 'hush'],
    ['my.plugin.secret', 'hush'],
    ['log.retention.hours', '2'],
  ])
  const node = { nodeId: 1, statics, loggers: new Map([['root', 'INFO']]) }

  function rows(type: number, resourceName: string, keys: string[] | null, image = cluster(null)) {
    const request = {
      resources: [{ resourceType: type, resourceName, configurationKeys: keys }],
      includeSynonyms: true,
      includeDocumentation: false,
    }
    return describeConfigs(image, request, node).results[0]
  }

  it('hides what is sensitive, and what Kafka does not define', () => {
    const configs = rows(4, '1', ['ssl.key.password', 'my.plugin.secret', 'node.id', 'no.such'])?.configs
    expect(
      configs?.map(({ name, value, isSensitive, readOnly, configSource }) => [
        name,
        value,
        isSensitive,
        readOnly,
        configSource,
      ]),
    ).toEqual([
      ['ssl.key.password', null, true, false, 4],
      ['my.plugin.secret', null, true, true, 4],
      ['node.id', '1', false, true, 4],
    ])
    expect(JSON.stringify(rows(4, '1', null))).not.toContain('hush')
  })

  it('shows all settings in order, internal ones and cluster quotas once they are set', () => {
    const names = rows(4, '1', null)?.configs.map(({ name }) => name) ?? []
    expect(names).toEqual([...names].sort())
    expect(names.length).toBeGreaterThan(340)
    expect(names).not.toContain('unstable.api.versions.enable')
    expect(names).not.toContain('leader.replication.throttled.rate')
    const value = {
      resourceType: 4,
      resourceName: '1',
      name: 'leader.replication.throttled.rate',
      value: '9',
    }
    const set = applied(cluster(null), [{ type: 'ConfigRecord', value }])
    expect(rows(4, '1', ['leader.replication.throttled.rate'], set)?.configs[0]).toMatchObject({
      value: '9',
      configSource: 2,
      readOnly: false,
      // No default stands behind it: without one there is no quota.
      synonyms: [{ name: 'leader.replication.throttled.rate', value: '9', source: 2 }],
    })
  })

  it('lists the defaults of the cluster alone, without what stands behind them', () => {
    const value = { resourceType: 4, resourceName: '', name: 'num.io.threads', value: '7' }
    const set = applied(cluster(null), [{ type: 'ConfigRecord', value }])
    expect(rows(4, '', null, set)?.configs).toMatchObject([
      { name: 'min.insync.replicas', value: '1', configSource: 3, synonyms: [{ source: 3 }] },
      { name: 'num.io.threads', value: '7', configSource: 3, synonyms: [{ source: 3 }] },
    ])
  })

  it.each([
    [4, '2', 42, 'Unexpected broker id, expected 1 or empty string, but received 2'],
    [4, 'abc', 42, 'Broker id must be an integer, but it is: abc'],
    [2, '', 17, 'Topic name is invalid: the empty string is not allowed'],
    [2, 'absent', 3, 'This server does not host this topic-partition.'],
    [32, '', 42, 'Group name must not be empty'],
    [16, '', 42, 'Client metrics subscription name must not be empty'],
    [8, '2', 42, 'Unexpected broker id, expected 1 but received 2'],
    [0, 'x', 42, 'Unsupported resource type: 0'],
  ])('observed 8: type %i, name "%s"', (type, name, errorCode, errorMessage) => {
    expect(rows(type, name, null)).toMatchObject({ errorCode, errorMessage, configs: [] })
  })

  it('shows its loggers', () => {
    expect(rows(8, '1', null)?.configs).toMatchObject([{ name: 'root', value: 'INFO', configSource: 6 }])
  })
})
