/**
 * Records of `__consumer_offsets` about streams groups (KIP-1071).
 */
import {
  array,
  type Input,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  type Value,
} from '../../schema/field.ts'
import { message } from '../../schema/message.ts'

export const streamsGroupMetadataKey = message({
  name: 'StreamsGroupMetadataKey',
  versions: [0, 0],
  fields: { groupId: string() },
})
export type StreamsGroupMetadataKey = Value<typeof streamsGroupMetadataKey>
export type StreamsGroupMetadataKeyInput = Input<typeof streamsGroupMetadataKey>

const lastAssignmentConfig = struct({ key: string(), value: string() })

export const streamsGroupMetadataValue = message({
  name: 'StreamsGroupMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    epoch: int32(),
    metadataHash: int64(),
    validatedTopologyEpoch: int32({ tag: 0, default: -1 }),
    lastAssignmentConfigs: array(lastAssignmentConfig, { nullable: true, tag: 1 }),
    storedDescriptionTopologyEpoch: int32({ tag: 2, default: -1 }),
    failedDescriptionTopologyEpoch: int32({ tag: 3, default: -1 }),
  },
})
export type StreamsGroupMetadataValue = Value<typeof streamsGroupMetadataValue>
export type StreamsGroupMetadataValueInput = Input<typeof streamsGroupMetadataValue>

export const streamsGroupMemberMetadataKey = message({
  name: 'StreamsGroupMemberMetadataKey',
  versions: [0, 0],
  fields: { groupId: string(), memberId: string() },
})
export type StreamsGroupMemberMetadataKey = Value<typeof streamsGroupMemberMetadataKey>
export type StreamsGroupMemberMetadataKeyInput = Input<typeof streamsGroupMemberMetadataKey>

const endpoint = struct({ host: string(), port: uint16() })

const keyValue = struct({ key: string(), value: string() })

export const streamsGroupMemberMetadataValue = message({
  name: 'StreamsGroupMemberMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    instanceId: string({ nullable: true }),
    rackId: string({ nullable: true }),
    clientId: string(),
    clientHost: string(),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topologyEpoch: int32(),
    processId: string(),
    userEndpoint: struct(endpoint.fields, { nullable: true, default: null }),
    clientTags: array(keyValue),
  },
})
export type StreamsGroupMemberMetadataValue = Value<typeof streamsGroupMemberMetadataValue>
export type StreamsGroupMemberMetadataValueInput = Input<typeof streamsGroupMemberMetadataValue>

export const streamsGroupTargetAssignmentMetadataKey = message({
  name: 'StreamsGroupTargetAssignmentMetadataKey',
  versions: [0, 0],
  fields: { groupId: string() },
})
export type StreamsGroupTargetAssignmentMetadataKey = Value<typeof streamsGroupTargetAssignmentMetadataKey>
export type StreamsGroupTargetAssignmentMetadataKeyInput = Input<
  typeof streamsGroupTargetAssignmentMetadataKey
>

export const streamsGroupTargetAssignmentMetadataValue = message({
  name: 'StreamsGroupTargetAssignmentMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { assignmentEpoch: int32(), assignmentTimestamp: int64({ tag: 0, default: 0n, ignorable: true }) },
})
export type StreamsGroupTargetAssignmentMetadataValue = Value<
  typeof streamsGroupTargetAssignmentMetadataValue
>
export type StreamsGroupTargetAssignmentMetadataValueInput = Input<
  typeof streamsGroupTargetAssignmentMetadataValue
>

export const streamsGroupTargetAssignmentMemberKey = message({
  name: 'StreamsGroupTargetAssignmentMemberKey',
  versions: [0, 0],
  fields: { groupId: string(), memberId: string() },
})
export type StreamsGroupTargetAssignmentMemberKey = Value<typeof streamsGroupTargetAssignmentMemberKey>
export type StreamsGroupTargetAssignmentMemberKeyInput = Input<typeof streamsGroupTargetAssignmentMemberKey>

const taskIds = struct({ subtopologyId: string(), partitions: array(int32()) })

export const streamsGroupTargetAssignmentMemberValue = message({
  name: 'StreamsGroupTargetAssignmentMemberValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { activeTasks: array(taskIds), standbyTasks: array(taskIds), warmupTasks: array(taskIds) },
})
export type StreamsGroupTargetAssignmentMemberValue = Value<typeof streamsGroupTargetAssignmentMemberValue>
export type StreamsGroupTargetAssignmentMemberValueInput = Input<
  typeof streamsGroupTargetAssignmentMemberValue
>

export const streamsGroupCurrentMemberAssignmentKey = message({
  name: 'StreamsGroupCurrentMemberAssignmentKey',
  versions: [0, 0],
  fields: { groupId: string(), memberId: string() },
})
export type StreamsGroupCurrentMemberAssignmentKey = Value<typeof streamsGroupCurrentMemberAssignmentKey>
export type StreamsGroupCurrentMemberAssignmentKeyInput = Input<typeof streamsGroupCurrentMemberAssignmentKey>

const streamsGroupCurrentMemberAssignmentValueTaskIds = struct({
  subtopologyId: string(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: true, tag: 0 }),
})

export const streamsGroupCurrentMemberAssignmentValue = message({
  name: 'StreamsGroupCurrentMemberAssignmentValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    activeTasks: array(streamsGroupCurrentMemberAssignmentValueTaskIds),
    standbyTasks: array(streamsGroupCurrentMemberAssignmentValueTaskIds),
    warmupTasks: array(streamsGroupCurrentMemberAssignmentValueTaskIds),
    activeTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentValueTaskIds),
    standbyTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentValueTaskIds),
    warmupTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentValueTaskIds),
  },
})
export type StreamsGroupCurrentMemberAssignmentValue = Value<typeof streamsGroupCurrentMemberAssignmentValue>
export type StreamsGroupCurrentMemberAssignmentValueInput = Input<
  typeof streamsGroupCurrentMemberAssignmentValue
>

export const streamsGroupTopologyKey = message({
  name: 'StreamsGroupTopologyKey',
  versions: [0, 0],
  fields: { groupId: string() },
})
export type StreamsGroupTopologyKey = Value<typeof streamsGroupTopologyKey>
export type StreamsGroupTopologyKeyInput = Input<typeof streamsGroupTopologyKey>

const topicConfig = struct({ key: string(), value: string() })

const topicInfo = struct({
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(topicConfig),
})

export const streamsGroupTopologyValue = message({
  name: 'StreamsGroupTopologyValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
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
})
export type StreamsGroupTopologyValue = Value<typeof streamsGroupTopologyValue>
export type StreamsGroupTopologyValueInput = Input<typeof streamsGroupTopologyValue>
