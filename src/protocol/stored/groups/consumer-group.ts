/**
 * Records of `__consumer_offsets` about consumer groups with server-side assignment (KIP-848).
 */
import {
  array,
  bytes,
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

export const consumerGroupMetadataKey = message({
  name: 'ConsumerGroupMetadataKey',
  versions: [0, 0],
  fields: { groupId: string() },
})
export type ConsumerGroupMetadataKey = Value<typeof consumerGroupMetadataKey>
export type ConsumerGroupMetadataKeyInput = Input<typeof consumerGroupMetadataKey>

export const consumerGroupMetadataValue = message({
  name: 'ConsumerGroupMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { epoch: int32(), metadataHash: int64({ tag: 0, default: 0n }) },
})
export type ConsumerGroupMetadataValue = Value<typeof consumerGroupMetadataValue>
export type ConsumerGroupMetadataValueInput = Input<typeof consumerGroupMetadataValue>

export const consumerGroupPartitionMetadataKey = message({
  name: 'ConsumerGroupPartitionMetadataKey',
  versions: [0, 0],
  fields: { groupId: string() },
})
export type ConsumerGroupPartitionMetadataKey = Value<typeof consumerGroupPartitionMetadataKey>
export type ConsumerGroupPartitionMetadataKeyInput = Input<typeof consumerGroupPartitionMetadataKey>

export const consumerGroupPartitionMetadataValue = message({
  name: 'ConsumerGroupPartitionMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    topics: array(
      struct({
        topicId: uuid(),
        topicName: string(),
        numPartitions: int32(),
        partitionMetadata: array(struct({ partition: int32(), racks: array(string()) })),
      }),
    ),
  },
})
export type ConsumerGroupPartitionMetadataValue = Value<typeof consumerGroupPartitionMetadataValue>
export type ConsumerGroupPartitionMetadataValueInput = Input<typeof consumerGroupPartitionMetadataValue>

export const consumerGroupMemberMetadataKey = message({
  name: 'ConsumerGroupMemberMetadataKey',
  versions: [0, 0],
  fields: { groupId: string(), memberId: string() },
})
export type ConsumerGroupMemberMetadataKey = Value<typeof consumerGroupMemberMetadataKey>
export type ConsumerGroupMemberMetadataKeyInput = Input<typeof consumerGroupMemberMetadataKey>

export const consumerGroupMemberMetadataValue = message({
  name: 'ConsumerGroupMemberMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    instanceId: string({ nullable: true }),
    rackId: string({ nullable: true }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string({ nullable: true }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: string({ nullable: true }),
    // Null must be given: left out, it is a classic member without protocols, for that is Kafka's default.
    classicMemberMetadata: struct(
      { sessionTimeoutMs: int32(), supportedProtocols: array(struct({ name: string(), metadata: bytes() })) },
      { nullable: true, tag: 0 },
    ),
  },
})
export type ConsumerGroupMemberMetadataValue = Value<typeof consumerGroupMemberMetadataValue>
export type ConsumerGroupMemberMetadataValueInput = Input<typeof consumerGroupMemberMetadataValue>

export const consumerGroupTargetAssignmentMetadataKey = message({
  name: 'ConsumerGroupTargetAssignmentMetadataKey',
  versions: [0, 0],
  fields: { groupId: string() },
})
export type ConsumerGroupTargetAssignmentMetadataKey = Value<typeof consumerGroupTargetAssignmentMetadataKey>
export type ConsumerGroupTargetAssignmentMetadataKeyInput = Input<
  typeof consumerGroupTargetAssignmentMetadataKey
>

export const consumerGroupTargetAssignmentMetadataValue = message({
  name: 'ConsumerGroupTargetAssignmentMetadataValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { assignmentEpoch: int32(), assignmentTimestamp: int64({ tag: 0, default: 0n, ignorable: true }) },
})
export type ConsumerGroupTargetAssignmentMetadataValue = Value<
  typeof consumerGroupTargetAssignmentMetadataValue
>
export type ConsumerGroupTargetAssignmentMetadataValueInput = Input<
  typeof consumerGroupTargetAssignmentMetadataValue
>

export const consumerGroupTargetAssignmentMemberKey = message({
  name: 'ConsumerGroupTargetAssignmentMemberKey',
  versions: [0, 0],
  fields: { groupId: string(), memberId: string() },
})
export type ConsumerGroupTargetAssignmentMemberKey = Value<typeof consumerGroupTargetAssignmentMemberKey>
export type ConsumerGroupTargetAssignmentMemberKeyInput = Input<typeof consumerGroupTargetAssignmentMemberKey>

export const consumerGroupTargetAssignmentMemberValue = message({
  name: 'ConsumerGroupTargetAssignmentMemberValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { topicPartitions: array(struct({ topicId: uuid(), partitions: array(int32()) })) },
})
export type ConsumerGroupTargetAssignmentMemberValue = Value<typeof consumerGroupTargetAssignmentMemberValue>
export type ConsumerGroupTargetAssignmentMemberValueInput = Input<
  typeof consumerGroupTargetAssignmentMemberValue
>

export const consumerGroupCurrentMemberAssignmentKey = message({
  name: 'ConsumerGroupCurrentMemberAssignmentKey',
  versions: [0, 0],
  fields: { groupId: string(), memberId: string() },
})
export type ConsumerGroupCurrentMemberAssignmentKey = Value<typeof consumerGroupCurrentMemberAssignmentKey>
export type ConsumerGroupCurrentMemberAssignmentKeyInput = Input<
  typeof consumerGroupCurrentMemberAssignmentKey
>

const topicPartitions = struct({
  topicId: uuid(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: true, tag: 0 }),
})

export const consumerGroupCurrentMemberAssignmentValue = message({
  name: 'ConsumerGroupCurrentMemberAssignmentValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  },
})
export type ConsumerGroupCurrentMemberAssignmentValue = Value<
  typeof consumerGroupCurrentMemberAssignmentValue
>
export type ConsumerGroupCurrentMemberAssignmentValueInput = Input<
  typeof consumerGroupCurrentMemberAssignmentValue
>

export const consumerGroupRegularExpressionKey = message({
  name: 'ConsumerGroupRegularExpressionKey',
  versions: [0, 0],
  fields: { groupId: string(), regularExpression: string() },
})
export type ConsumerGroupRegularExpressionKey = Value<typeof consumerGroupRegularExpressionKey>
export type ConsumerGroupRegularExpressionKeyInput = Input<typeof consumerGroupRegularExpressionKey>

export const consumerGroupRegularExpressionValue = message({
  name: 'ConsumerGroupRegularExpressionValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { topics: array(string()), version: int64(), timestamp: int64() },
})
export type ConsumerGroupRegularExpressionValue = Value<typeof consumerGroupRegularExpressionValue>
export type ConsumerGroupRegularExpressionValueInput = Input<typeof consumerGroupRegularExpressionValue>
