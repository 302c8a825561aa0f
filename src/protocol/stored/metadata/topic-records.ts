/**
 * Records of the metadata log about topics and partitions (KIP-631, KIP-966).
 */
import { array, type Input, int8, int32, string, uuid, type Value } from '../../schema/field.ts'
import { message } from '../../schema/message.ts'

export const clearElrRecord = message({
  name: 'ClearElrRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { topicName: string() },
})
export type ClearElrRecord = Value<typeof clearElrRecord>
export type ClearElrRecordInput = Input<typeof clearElrRecord>

export const partitionChangeRecord = message({
  name: 'PartitionChangeRecord',
  versions: [0, 2],
  flexibleSince: 0,
  fields: {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    isr: array(int32(), { nullable: true, tag: 0, default: null }),
    leader: int32({ tag: 1, default: -2 }),
    replicas: array(int32(), { nullable: true, tag: 2, default: null }),
    removingReplicas: array(int32(), { nullable: true, tag: 3, default: null }),
    addingReplicas: array(int32(), { nullable: true, tag: 4, default: null }),
    leaderRecoveryState: int8({ tag: 5, default: -1 }),
    directories: array(uuid(), { since: 1, nullable: true, tag: 8, default: null }),
    eligibleLeaderReplicas: array(int32(), { since: 2, nullable: true, tag: 6, default: null }),
    lastKnownElr: array(int32(), { since: 2, nullable: true, tag: 7, default: null }),
  },
})
export type PartitionChangeRecord = Value<typeof partitionChangeRecord>
export type PartitionChangeRecordInput = Input<typeof partitionChangeRecord>

export const partitionRecord = message({
  name: 'PartitionRecord',
  versions: [0, 2],
  flexibleSince: 0,
  fields: {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    replicas: array(int32()),
    isr: array(int32()),
    removingReplicas: array(int32()),
    addingReplicas: array(int32()),
    leader: int32({ default: -1 }),
    leaderRecoveryState: int8({ tag: 0, default: 0 }),
    leaderEpoch: int32({ default: -1 }),
    partitionEpoch: int32({ default: -1 }),
    directories: array(uuid(), { since: 1 }),
    eligibleLeaderReplicas: array(int32(), { since: 2, nullable: true, tag: 1, default: null }),
    lastKnownElr: array(int32(), { since: 2, nullable: true, tag: 2, default: null }),
  },
})
export type PartitionRecord = Value<typeof partitionRecord>
export type PartitionRecordInput = Input<typeof partitionRecord>

export const removeTopicRecord = message({
  name: 'RemoveTopicRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { topicId: uuid() },
})
export type RemoveTopicRecord = Value<typeof removeTopicRecord>
export type RemoveTopicRecordInput = Input<typeof removeTopicRecord>

export const topicRecord = message({
  name: 'TopicRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { name: string(), topicId: uuid() },
})
export type TopicRecord = Value<typeof topicRecord>
export type TopicRecordInput = Input<typeof topicRecord>
