/**
 * One everyday request for each API, spelt for each of its versions, about a topic and a group that exist.
 *
 * It decides nothing about answers. What a version lacks is left out, as a client of that time would.
 */
import { encodeToBuffer } from '../../src/protocol/codec/compile.ts'
import { consumerProtocolSubscription } from '../../src/protocol/consumer-protocol.ts'
import { addRaftVoter } from '../../src/protocol/messages/add-raft-voter.ts'
import { alterConfigs } from '../../src/protocol/messages/alter-configs.ts'
import { alterPartitionReassignments } from '../../src/protocol/messages/alter-partition-reassignments.ts'
import { alterReplicaLogDirs } from '../../src/protocol/messages/alter-replica-log-dirs.ts'
import { apiVersions } from '../../src/protocol/messages/api-versions.ts'
import { createPartitions } from '../../src/protocol/messages/create-partitions.ts'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { deleteGroups } from '../../src/protocol/messages/delete-groups.ts'
import { deleteRecords } from '../../src/protocol/messages/delete-records.ts'
import { deleteTopics } from '../../src/protocol/messages/delete-topics.ts'
import { describeCluster } from '../../src/protocol/messages/describe-cluster.ts'
import { describeConfigs } from '../../src/protocol/messages/describe-configs.ts'
import { describeGroups } from '../../src/protocol/messages/describe-groups.ts'
import { describeLogDirs } from '../../src/protocol/messages/describe-log-dirs.ts'
import { describeQuorum } from '../../src/protocol/messages/describe-quorum.ts'
import { describeTopicPartitions } from '../../src/protocol/messages/describe-topic-partitions.ts'
import { electLeaders } from '../../src/protocol/messages/elect-leaders.ts'
import { fetch } from '../../src/protocol/messages/fetch.ts'
import { findCoordinator } from '../../src/protocol/messages/find-coordinator.ts'
import { heartbeat } from '../../src/protocol/messages/heartbeat.ts'
import { incrementalAlterConfigs } from '../../src/protocol/messages/incremental-alter-configs.ts'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.ts'
import { joinGroup } from '../../src/protocol/messages/join-group.ts'
import { leaveGroup } from '../../src/protocol/messages/leave-group.ts'
import { listConfigResources } from '../../src/protocol/messages/list-config-resources.ts'
import { listGroups } from '../../src/protocol/messages/list-groups.ts'
import { listOffsets } from '../../src/protocol/messages/list-offsets.ts'
import { listPartitionReassignments } from '../../src/protocol/messages/list-partition-reassignments.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { offsetCommit } from '../../src/protocol/messages/offset-commit.ts'
import { offsetDelete } from '../../src/protocol/messages/offset-delete.ts'
import { offsetFetch } from '../../src/protocol/messages/offset-fetch.ts'
import { offsetForLeaderEpoch } from '../../src/protocol/messages/offset-for-leader-epoch.ts'
import { produce } from '../../src/protocol/messages/produce.ts'
import { removeRaftVoter } from '../../src/protocol/messages/remove-raft-voter.ts'
import { syncGroup } from '../../src/protocol/messages/sync-group.ts'
import { unregisterBroker } from '../../src/protocol/messages/unregister-broker.ts'
import { updateFeatures } from '../../src/protocol/messages/update-features.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import type { Fields, StructInput } from '../../src/protocol/schema/field.ts'
import type { Api } from '../../src/protocol/schema/message.ts'
import { ZERO_UUID } from '../../src/protocol/uuid.ts'

/** What the requests speak of; all of it exists. */
export interface Subject {
  readonly topic: string
  readonly topicId: string
  readonly group: string
}

export interface TypicalRequest {
  readonly api: Api
  /** The body for a version; `unique` is a word that no other request has. */
  readonly body: (version: number, subject: Subject, unique: string) => Record<string, unknown>
}

/** Keeps the body's type while it is written, and forgets it for the list. */
function typical<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  body: (version: number, subject: Subject, unique: string) => StructInput<Q>,
): TypicalRequest {
  return { api: api as unknown as Api, body: body as TypicalRequest['body'] }
}

const subscription = (topic: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0]),
    encodeToBuffer(consumerProtocolSubscription, 0, { topics: [topic], userData: null }),
  ])

const records = (): Buffer =>
  buildBatch([{ key: Buffer.from('k'), value: Buffer.from('v'), timestampMs: 1_700_000_000_000 }])

const TIMEOUT_MS = 5_000

const dataRequests: readonly TypicalRequest[] = [
  typical(produce, (version, { topic, topicId }) => ({
    acks: -1,
    timeoutMs: TIMEOUT_MS,
    topicData: [
      {
        ...(version >= 13 ? { topicId } : { name: topic }),
        partitionData: [{ index: 0, records: records() }],
      },
    ],
  })),
  typical(fetch, (version, { topic, topicId }) => ({
    maxWaitMs: 0,
    minBytes: 1,
    topics: [
      {
        ...(version >= 13 ? { topicId } : { topic }),
        partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 }],
      },
    ],
  })),
  typical(listOffsets, (_, { topic }) => ({
    replicaId: -1,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
  })),
  typical(offsetForLeaderEpoch, (_, { topic }) => ({
    topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
  })),
  typical(deleteRecords, (_, { topic }) => ({
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: 0n }] }],
    timeoutMs: TIMEOUT_MS,
  })),
  typical(initProducerId, () => ({ transactionalId: null, transactionTimeoutMs: 60_000 })),
]

const groupRequests: readonly TypicalRequest[] = [
  typical(findCoordinator, (version, { group }) =>
    version >= 4 ? { coordinatorKeys: [group, `${group}-2`] } : { key: group },
  ),
  typical(joinGroup, (_, { topic }, unique) => ({
    groupId: unique,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription(topic) }],
  })),
  typical(syncGroup, (version, { group }) => ({
    groupId: group,
    generationId: 1,
    memberId: 'nobody',
    ...(version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {}),
    assignments: [{ memberId: 'nobody', assignment: Buffer.from([0, 0]) }],
  })),
  typical(heartbeat, (_, { group }) => ({ groupId: group, generationId: 1, memberId: 'nobody' })),
  typical(leaveGroup, (version, { group }) => ({
    groupId: group,
    ...(version >= 3 ? { members: [{ memberId: 'nobody' }] } : { memberId: 'nobody' }),
  })),
  typical(offsetCommit, (version, { group, topic, topicId }) => ({
    groupId: group,
    memberId: '',
    topics: [
      {
        ...(version >= 10 ? { topicId } : { name: topic }),
        partitions: [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: 'here' }],
      },
    ],
  })),
  typical(offsetFetch, (version, { group, topic, topicId }) => {
    if (version < 8) return { groupId: group, topics: [{ name: topic, partitionIndexes: [0] }] }
    const asked = { ...(version >= 10 ? { topicId } : { name: topic }), partitionIndexes: [0] }
    return { groups: [{ groupId: group, topics: [asked] }] }
  }),
  typical(describeGroups, (version, { group }) => ({
    groups: [group],
    ...(version >= 3 ? { includeAuthorizedOperations: true } : {}),
  })),
  typical(listGroups, () => ({})),
  typical(deleteGroups, () => ({ groupsNames: ['no-such-group'] })),
  typical(offsetDelete, (_, { group, topic }) => ({
    groupId: group,
    topics: [{ name: topic, partitions: [{ partitionIndex: 1 }] }],
  })),
]

const adminRequests: readonly TypicalRequest[] = [
  typical(apiVersions, () => ({ clientSoftwareName: 'raw', clientSoftwareVersion: '1.0' })),
  typical(metadata, (version, { topic }) => ({
    topics: [{ name: topic }],
    ...(version >= 8 ? { includeTopicAuthorizedOperations: true } : {}),
  })),
  typical(createTopics, (_, __, unique) => ({
    topics: [
      {
        name: unique,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [{ name: 'retention.ms', value: '60000' }],
      },
    ],
    timeoutMs: TIMEOUT_MS,
  })),
  typical(deleteTopics, (version) => ({
    ...(version >= 6 ? { topics: [{ name: 'no-such-topic' }] } : { topicNames: ['no-such-topic'] }),
    timeoutMs: TIMEOUT_MS,
  })),
  typical(createPartitions, (_, { topic }) => ({
    topics: [{ name: topic, count: 1, assignments: null }],
    timeoutMs: TIMEOUT_MS,
    validateOnly: true,
  })),
  typical(electLeaders, (version, { topic }) => ({
    ...(version >= 1 && { electionType: 0 }),
    topicPartitions: [{ topic, partitions: [0] }],
    timeoutMs: TIMEOUT_MS,
  })),
  typical(alterPartitionReassignments, (_, { topic }) => ({
    timeoutMs: TIMEOUT_MS,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, replicas: [1] }] }],
  })),
  typical(listPartitionReassignments, () => ({ timeoutMs: TIMEOUT_MS, topics: null })),
  typical(describeQuorum, () => ({
    topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
  })),
  typical(unregisterBroker, () => ({ brokerId: 77 })),
  typical(updateFeatures, (version) => ({
    timeoutMs: TIMEOUT_MS,
    featureUpdates: [],
    ...(version >= 1 && { validateOnly: true }),
  })),
  typical(addRaftVoter, () => ({
    clusterId: null,
    timeoutMs: TIMEOUT_MS,
    voterId: 77,
    voterDirectoryId: ZERO_UUID,
    listeners: [],
  })),
  typical(removeRaftVoter, () => ({ clusterId: null, voterId: 77, voterDirectoryId: ZERO_UUID })),
  typical(describeConfigs, (_, { topic }) => ({
    resources: [
      { resourceType: 2, resourceName: topic, configurationKeys: null },
      { resourceType: 4, resourceName: '1', configurationKeys: null },
    ],
    includeSynonyms: true,
  })),
  typical(alterConfigs, (_, { topic }) => ({
    resources: [
      { resourceType: 2, resourceName: topic, configs: [{ name: 'retention.ms', value: '86400000' }] },
    ],
    validateOnly: false,
  })),
  typical(incrementalAlterConfigs, (_, { topic }) => ({
    resources: [
      {
        resourceType: 2,
        resourceName: topic,
        configs: [{ name: 'retention.ms', configOperation: 0, value: '86400000' }],
      },
    ],
    validateOnly: false,
  })),
  typical(alterReplicaLogDirs, (_, { topic }) => ({
    dirs: [{ path: '/nowhere', topics: [{ name: topic, partitions: [0] }] }],
  })),
  typical(describeLogDirs, () => ({ topics: null })),
  typical(describeCluster, () => ({ includeClusterAuthorizedOperations: true })),
  typical(listConfigResources, () => ({})),
  typical(describeTopicPartitions, (_, { topic }) => ({ topics: [{ name: topic }] })),
]

export const typicalRequests: readonly TypicalRequest[] = [
  ...dataRequests,
  ...groupRequests,
  ...adminRequests,
]
