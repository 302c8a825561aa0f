/**
 * Records of `__consumer_offsets` about share groups (KIP-932).
 */
import {
  array,
  type Input,
  int8,
  int32,
  int64,
  string,
  struct,
  uuid,
  type Value,
} from '../../schema/field.ts'
import { message } from '../../schema/message.ts'

export const shareGroupMemberMetadataKey = message({
  name: 'ShareGroupMemberMetadataKey',
  versions: [0, 0],
  fields: { groupId: string(), memberId: string() },
})
export type ShareGroupMemberMetadataKey = Value<typeof shareGroupMemberMetadataKey>
export type ShareGroupMemberMetadataKeyInput = Input<typeof shareGroupMemberMetadataKey>

export const shareGroupMemberMetadataValue = message({
  name: 'ShareGroupMemberMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    rackId: string({ nullable: true }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
  },
})
export type ShareGroupMemberMetadataValue = Value<typeof shareGroupMemberMetadataValue>
export type ShareGroupMemberMetadataValueInput = Input<typeof shareGroupMemberMetadataValue>

export const shareGroupMetadataKey = message({
  name: 'ShareGroupMetadataKey',
  versions: [0, 0],
  fields: { groupId: string() },
})
export type ShareGroupMetadataKey = Value<typeof shareGroupMetadataKey>
export type ShareGroupMetadataKeyInput = Input<typeof shareGroupMetadataKey>

export const shareGroupMetadataValue = message({
  name: 'ShareGroupMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { epoch: int32(), metadataHash: int64() },
})
export type ShareGroupMetadataValue = Value<typeof shareGroupMetadataValue>
export type ShareGroupMetadataValueInput = Input<typeof shareGroupMetadataValue>

export const shareGroupTargetAssignmentMetadataKey = message({
  name: 'ShareGroupTargetAssignmentMetadataKey',
  versions: [0, 0],
  fields: { groupId: string() },
})
export type ShareGroupTargetAssignmentMetadataKey = Value<typeof shareGroupTargetAssignmentMetadataKey>
export type ShareGroupTargetAssignmentMetadataKeyInput = Input<typeof shareGroupTargetAssignmentMetadataKey>

export const shareGroupTargetAssignmentMetadataValue = message({
  name: 'ShareGroupTargetAssignmentMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { assignmentEpoch: int32(), assignmentTimestamp: int64({ tag: 0, default: 0n, ignorable: true }) },
})
export type ShareGroupTargetAssignmentMetadataValue = Value<typeof shareGroupTargetAssignmentMetadataValue>
export type ShareGroupTargetAssignmentMetadataValueInput = Input<
  typeof shareGroupTargetAssignmentMetadataValue
>

export const shareGroupTargetAssignmentMemberKey = message({
  name: 'ShareGroupTargetAssignmentMemberKey',
  versions: [0, 0],
  fields: { groupId: string(), memberId: string() },
})
export type ShareGroupTargetAssignmentMemberKey = Value<typeof shareGroupTargetAssignmentMemberKey>
export type ShareGroupTargetAssignmentMemberKeyInput = Input<typeof shareGroupTargetAssignmentMemberKey>

export const shareGroupTargetAssignmentMemberValue = message({
  name: 'ShareGroupTargetAssignmentMemberValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { topicPartitions: array(struct({ topicId: uuid(), partitions: array(int32()) })) },
})
export type ShareGroupTargetAssignmentMemberValue = Value<typeof shareGroupTargetAssignmentMemberValue>
export type ShareGroupTargetAssignmentMemberValueInput = Input<typeof shareGroupTargetAssignmentMemberValue>

export const shareGroupCurrentMemberAssignmentKey = message({
  name: 'ShareGroupCurrentMemberAssignmentKey',
  versions: [0, 0],
  fields: { groupId: string(), memberId: string() },
})
export type ShareGroupCurrentMemberAssignmentKey = Value<typeof shareGroupCurrentMemberAssignmentKey>
export type ShareGroupCurrentMemberAssignmentKeyInput = Input<typeof shareGroupCurrentMemberAssignmentKey>

const topicPartitions = struct({ topicId: uuid(), partitions: array(int32()) })

export const shareGroupCurrentMemberAssignmentValue = message({
  name: 'ShareGroupCurrentMemberAssignmentValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(topicPartitions),
  },
})
export type ShareGroupCurrentMemberAssignmentValue = Value<typeof shareGroupCurrentMemberAssignmentValue>
export type ShareGroupCurrentMemberAssignmentValueInput = Input<typeof shareGroupCurrentMemberAssignmentValue>

export const shareGroupStatePartitionMetadataKey = message({
  name: 'ShareGroupStatePartitionMetadataKey',
  versions: [0, 0],
  fields: { groupId: string() },
})
export type ShareGroupStatePartitionMetadataKey = Value<typeof shareGroupStatePartitionMetadataKey>
export type ShareGroupStatePartitionMetadataKeyInput = Input<typeof shareGroupStatePartitionMetadataKey>

const topicPartitionsInfo = struct({ topicId: uuid(), topicName: string(), partitions: array(int32()) })

const topicInfo = struct({ topicId: uuid(), topicName: string() })

export const shareGroupStatePartitionMetadataValue = message({
  name: 'ShareGroupStatePartitionMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    initializingTopics: array(topicPartitionsInfo),
    initializedTopics: array(topicPartitionsInfo),
    deletingTopics: array(topicInfo),
  },
})
export type ShareGroupStatePartitionMetadataValue = Value<typeof shareGroupStatePartitionMetadataValue>
export type ShareGroupStatePartitionMetadataValueInput = Input<typeof shareGroupStatePartitionMetadataValue>
