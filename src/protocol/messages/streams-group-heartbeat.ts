/**
 * StreamsGroupHeartbeat (88): joins, keeps and leaves a streams group (KIP-1071).
 */
import {
  array,
  bool,
  type Input,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

const keyValue = struct({ key: string(), value: string() })

const topicInfo = struct({
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(keyValue),
})

const endpoint = struct({ host: string(), port: uint16() })

const taskOffset = struct({ subtopologyId: string(), partition: int32(), offset: int64() })

const taskIds = struct({ subtopologyId: string(), partitions: array(int32()) })

const status = struct({ statusCode: int8(), statusDetail: string() })

const topicPartition = struct({ topic: string(), partitions: array(int32()) })

const taskIdsAnswer = struct({ subtopologyId: string(), partitions: array(int32()) })

const endpointAnswer = struct({ host: string(), port: uint16() })

export const streamsGroupHeartbeat = api({
  key: 88,
  name: 'StreamsGroupHeartbeat',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    endpointInformationEpoch: int32(),
    instanceId: string({ nullable: true, default: null }),
    rackId: string({ nullable: true, default: null }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topology: struct(
      {
        epoch: int32(),
        subtopologies: array(
          struct({
            subtopologyId: string(),
            sourceTopics: array(string()),
            sourceTopicRegex: array(string()),
            stateChangelogTopics: array(topicInfo),
            repartitionSinkTopics: array(string()),
            repartitionSourceTopics: array(topicInfo),
            copartitionGroups: array(
              struct({
                sourceTopics: array(int16()),
                sourceTopicRegex: array(int16()),
                repartitionSourceTopics: array(int16()),
              }),
            ),
          }),
        ),
      },
      { nullable: true, default: null },
    ),
    activeTasks: array(taskIds, { nullable: true, default: null }),
    standbyTasks: array(taskIds, { nullable: true, default: null }),
    warmupTasks: array(taskIds, { nullable: true, default: null }),
    processId: string({ nullable: true, default: null }),
    userEndpoint: struct(endpoint.fields, { nullable: true, default: null }),
    clientTags: array(keyValue, { nullable: true, default: null }),
    taskOffsets: array(taskOffset, { nullable: true, default: null }),
    taskEndOffsets: array(taskOffset, { nullable: true, default: null }),
    shutdownApplication: bool({ default: false }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    memberId: string(),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    acceptableRecoveryLagLegacy: int32({ until: 0 }),
    taskOffsetIntervalMs: int32(),
    acceptableRecoveryLag: int64({ since: 1, default: -1n, ignorable: true }),
    status: array(status, { nullable: true }),
    activeTasks: array(taskIdsAnswer, { nullable: true, default: null }),
    standbyTasks: array(taskIdsAnswer, { nullable: true, default: null }),
    warmupTasks: array(taskIdsAnswer, { nullable: true, default: null }),
    topologyDescriptionRequired: bool({ since: 1, default: false }),
    endpointInformationEpoch: int32(),
    partitionsByUserEndpoint: array(
      struct({
        userEndpoint: endpointAnswer,
        activePartitions: array(topicPartition),
        standbyPartitions: array(topicPartition),
      }),
      { nullable: true, default: null },
    ),
  },
})

export type StreamsGroupHeartbeatRequest = Value<typeof streamsGroupHeartbeat.request>
export type StreamsGroupHeartbeatRequestInput = Input<typeof streamsGroupHeartbeat.request>
export type StreamsGroupHeartbeatResponse = Value<typeof streamsGroupHeartbeat.response>
export type StreamsGroupHeartbeatResponseInput = Input<typeof streamsGroupHeartbeat.response>
