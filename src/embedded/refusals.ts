/**
 * For every API that is served: its own answer when the whole request, or each thing that it names, is refused with a code.
 *
 * The code stands where Kafka puts it: in every partition where there are partitions, else with what was asked for, else on
 * top. It only spells; that a fault strikes was decided elsewhere. A new handler without an entry here fails a test.
 */
import { controllerCommands } from '../broker/controller/commands.ts'
import { refusedResources } from '../broker/handlers/refused-resources.ts'
import { joinGroupRefusal, syncGroupRefusal } from '../coordination/groups/answers.ts'
import { offsetCommitRefusal } from '../coordination/groups/decide/offset-commit.ts'
import { refusedDescription } from '../coordination/groups/describe/describe-groups.ts'
import {
  askedGroups,
  offsetFetchAnswer,
  refusedOffsets,
} from '../coordination/groups/describe/offset-fetch.ts'
import { addRaftVoter } from '../protocol/messages/add-raft-voter.ts'
import { alterConfigs } from '../protocol/messages/alter-configs.ts'
import { alterPartitionReassignments } from '../protocol/messages/alter-partition-reassignments.ts'
import { alterReplicaLogDirs } from '../protocol/messages/alter-replica-log-dirs.ts'
import { apiVersions } from '../protocol/messages/api-versions.ts'
import { createPartitions } from '../protocol/messages/create-partitions.ts'
import { createTopics } from '../protocol/messages/create-topics.ts'
import { deleteGroups } from '../protocol/messages/delete-groups.ts'
import { deleteRecords } from '../protocol/messages/delete-records.ts'
import { deleteTopics } from '../protocol/messages/delete-topics.ts'
import { describeCluster } from '../protocol/messages/describe-cluster.ts'
import { describeConfigs } from '../protocol/messages/describe-configs.ts'
import { describeGroups } from '../protocol/messages/describe-groups.ts'
import { describeLogDirs } from '../protocol/messages/describe-log-dirs.ts'
import { describeQuorum } from '../protocol/messages/describe-quorum.ts'
import { describeTopicPartitions } from '../protocol/messages/describe-topic-partitions.ts'
import { electLeaders } from '../protocol/messages/elect-leaders.ts'
import { fetch } from '../protocol/messages/fetch.ts'
import { findCoordinator } from '../protocol/messages/find-coordinator.ts'
import { heartbeat } from '../protocol/messages/heartbeat.ts'
import { incrementalAlterConfigs } from '../protocol/messages/incremental-alter-configs.ts'
import { initProducerId } from '../protocol/messages/init-producer-id.ts'
import { joinGroup } from '../protocol/messages/join-group.ts'
import { leaveGroup } from '../protocol/messages/leave-group.ts'
import { listConfigResources } from '../protocol/messages/list-config-resources.ts'
import { listGroups } from '../protocol/messages/list-groups.ts'
import { listOffsets } from '../protocol/messages/list-offsets.ts'
import { listPartitionReassignments } from '../protocol/messages/list-partition-reassignments.ts'
import { metadata } from '../protocol/messages/metadata.ts'
import { offsetCommit } from '../protocol/messages/offset-commit.ts'
import { offsetDelete } from '../protocol/messages/offset-delete.ts'
import { offsetFetch } from '../protocol/messages/offset-fetch.ts'
import { offsetForLeaderEpoch } from '../protocol/messages/offset-for-leader-epoch.ts'
import { produce } from '../protocol/messages/produce.ts'
import { removeRaftVoter } from '../protocol/messages/remove-raft-voter.ts'
import { syncGroup } from '../protocol/messages/sync-group.ts'
import { unregisterBroker } from '../protocol/messages/unregister-broker.ts'
import { updateFeatures } from '../protocol/messages/update-features.ts'
import type { Fields, StructInput, StructValue } from '../protocol/schema/field.ts'
import type { Api } from '../protocol/schema/message.ts'
import { ZERO_UUID } from '../protocol/uuid.ts'

/** What is refused, and how. */
export interface Refusing {
  readonly code: number
  readonly apiVersion: number
  /** For answers that have room for a sentence. */
  readonly message: string
}

export interface Refusal {
  readonly api: Api
  readonly answer: (request: unknown, refusing: Refusing) => unknown
}

function refusal<Q extends Fields, R extends Fields>(
  api: Api<Q, R>,
  answer: (request: StructValue<Q>, refusing: Refusing) => StructInput<R>,
): Refusal {
  // A request was decoded by this very API's schema.
  return { api: api as unknown as Api, answer: answer as unknown as Refusal['answer'] }
}

/** What the active controller carries out knows by itself how it is refused. */
function commandRefusal<Q extends Fields, R extends Fields>(api: Api<Q, R>): Refusal {
  const command = controllerCommands.find((candidate) => candidate.api.key === api.key)
  if (command === undefined) throw new Error(`${api.name} is no command of the controller`)
  return {
    api: api as unknown as Api,
    answer: (request, { code, message }) => command.refuse(request as StructValue<Fields>, code, message),
  }
}

const FIRST_FIND_COORDINATOR_WITH_LIST = 4
const FIRST_DESCRIBE_LOG_DIRS_WITH_CODE = 3
const noOffset = -1n

/** By the names that the protocol gives them. */
export const refusals = {
  Produce: refusal(produce, ({ topicData }, { code: errorCode }) => ({
    responses: topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: noOffset })),
    })),
  })),
  Fetch: refusal(fetch, ({ topics }, { code: errorCode }) => ({
    throttleTimeMs: 0,
    responses: topics.map(({ topic, topicId, partitions }) => ({
      topic,
      topicId,
      partitions: partitions.map(({ partition }) => fetchRefusal(partition, errorCode)),
    })),
  })),
  ListOffsets: refusal(listOffsets, ({ topics }, { code: errorCode }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode,
        timestamp: noOffset,
        offset: noOffset,
      })),
    })),
  })),
  Metadata: refusal(metadata, ({ topics }, { code: errorCode }) => ({
    throttleTimeMs: 0,
    brokers: [],
    topics: (topics ?? []).map(({ name, topicId }) => ({ errorCode, name, topicId, partitions: [] })),
  })),
  OffsetCommit: refusal(offsetCommit, (request, { code }) => offsetCommitRefusal(request, code)),
  OffsetFetch: refusal(offsetFetch, (request, { code, apiVersion }) =>
    offsetFetchAnswer(
      askedGroups(request, apiVersion).map((asked) => refusedOffsets(asked, code, apiVersion)),
      apiVersion,
    ),
  ),
  ListGroups: refusal(listGroups, (_request, { code: errorCode }) => ({
    throttleTimeMs: 0,
    errorCode,
    groups: [],
  })),
  DescribeGroups: refusal(describeGroups, ({ groups }, { code }) => ({
    throttleTimeMs: 0,
    groups: groups.map((groupId) => refusedDescription(groupId, code)),
  })),
  FindCoordinator: refusal(findCoordinator, (request, { code, apiVersion, message }) => {
    const nobody = { errorCode: code, errorMessage: message, nodeId: -1, host: '', port: -1 }
    if (apiVersion < FIRST_FIND_COORDINATOR_WITH_LIST) return { throttleTimeMs: 0, ...nobody }
    return { throttleTimeMs: 0, coordinators: request.coordinatorKeys.map((key) => ({ key, ...nobody })) }
  }),
  JoinGroup: refusal(joinGroup, ({ memberId }, { code, apiVersion }) =>
    joinGroupRefusal(code, apiVersion, memberId),
  ),
  Heartbeat: refusal(heartbeat, (_request, { code: errorCode }) => ({ throttleTimeMs: 0, errorCode })),
  LeaveGroup: refusal(leaveGroup, (_request, { code: errorCode }) => ({
    throttleTimeMs: 0,
    errorCode,
    members: [],
  })),
  SyncGroup: refusal(syncGroup, (_request, { code }) => syncGroupRefusal(code)),
  ApiVersions: refusal(apiVersions, (_request, { code: errorCode }) => ({ errorCode, apiKeys: [] })),
  CreateTopics: commandRefusal(createTopics),
  DeleteTopics: commandRefusal(deleteTopics),
  DeleteRecords: refusal(deleteRecords, ({ topics }, { code: errorCode }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        lowWatermark: noOffset,
        errorCode,
      })),
    })),
  })),
  InitProducerId: refusal(initProducerId, (_request, { code: errorCode }) => ({
    throttleTimeMs: 0,
    errorCode,
    producerId: noOffset,
    producerEpoch: -1,
  })),
  OffsetForLeaderEpoch: refusal(offsetForLeaderEpoch, ({ topics }, { code: errorCode }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode })),
    })),
  })),
  DescribeConfigs: refusal(describeConfigs, ({ resources }, { code: errorCode, message: errorMessage }) => ({
    throttleTimeMs: 0,
    results: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage,
      resourceType,
      resourceName,
      configs: [],
    })),
  })),
  AlterConfigs: refusal(alterConfigs, (request, { code, message }) =>
    refusedResources(request, code, message),
  ),
  AlterReplicaLogDirs: refusal(alterReplicaLogDirs, ({ dirs }, { code: errorCode }) => ({
    throttleTimeMs: 0,
    results: dirs.flatMap(({ topics }) =>
      topics.map(({ name, partitions }) => ({
        topicName: name,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode })),
      })),
    ),
  })),
  DescribeLogDirs: refusal(describeLogDirs, (_request, { code: errorCode, apiVersion }) => ({
    throttleTimeMs: 0,
    errorCode,
    results: apiVersion < FIRST_DESCRIBE_LOG_DIRS_WITH_CODE ? [{ errorCode, logDir: '', topics: [] }] : [],
  })),
  CreatePartitions: commandRefusal(createPartitions),
  DeleteGroups: refusal(deleteGroups, ({ groupsNames }, { code: errorCode }) => ({
    throttleTimeMs: 0,
    results: groupsNames.map((groupId) => ({ groupId, errorCode })),
  })),
  IncrementalAlterConfigs: commandRefusal(incrementalAlterConfigs),
  OffsetDelete: refusal(offsetDelete, ({ topics }, { code: errorCode }) => ({
    throttleTimeMs: 0,
    errorCode: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  })),
  DescribeCluster: refusal(describeCluster, (_request, { code: errorCode, message: errorMessage }) => ({
    throttleTimeMs: 0,
    errorCode,
    errorMessage,
    clusterId: '',
    brokers: [],
  })),
  ListConfigResources: refusal(listConfigResources, (_request, { code: errorCode }) => ({
    throttleTimeMs: 0,
    errorCode,
    configResources: [],
  })),
  DescribeTopicPartitions: refusal(describeTopicPartitions, ({ topics }, { code: errorCode }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => ({ errorCode, name, topicId: ZERO_UUID, partitions: [] })),
  })),
  ElectLeaders: refusal(electLeaders, ({ topicPartitions }, { code: errorCode, apiVersion, message }) => ({
    throttleTimeMs: 0,
    ...(apiVersion > 0 ? { errorCode } : {}),
    replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage: message })),
    })),
  })),
  AlterPartitionReassignments: commandRefusal(alterPartitionReassignments),
  ListPartitionReassignments: refusal(
    listPartitionReassignments,
    (_request, { code: errorCode, message: errorMessage }) => ({
      throttleTimeMs: 0,
      errorCode,
      errorMessage,
      topics: [],
    }),
  ),
  DescribeQuorum: commandRefusal(describeQuorum),
  UnregisterBroker: commandRefusal(unregisterBroker),
  UpdateFeatures: commandRefusal(updateFeatures),
  AddRaftVoter: commandRefusal(addRaftVoter),
  RemoveRaftVoter: commandRefusal(removeRaftVoter),
} satisfies Readonly<Record<string, Refusal>>

/** A partition of which nothing can be read. */
export function fetchRefusal(partitionIndex: number, errorCode: number) {
  return { partitionIndex, errorCode, highWatermark: noOffset, abortedTransactions: null, records: null }
}

/** The APIs whose answers faults may stand in: all that are served. */
export type ApiName = keyof typeof refusals
