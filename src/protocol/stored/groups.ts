/**
 * The records of `__consumer_offsets` as a closed union: offsets and groups of every kind (KIP-848, 932, 1071).
 *
 * A group's state is what these records say, last one first; a null value takes the key back. Kinds 0 and 1 are
 * both committed offsets; nobody writes 0 any more.
 */
import {
  groupMetadataKey,
  groupMetadataValue,
  legacyOffsetCommitKey,
  legacyOffsetCommitValue,
  offsetCommitKey,
  offsetCommitValue,
} from './groups/classic-group.ts'
import {
  consumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentValue,
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
  consumerGroupMetadataKey,
  consumerGroupMetadataValue,
  consumerGroupPartitionMetadataKey,
  consumerGroupPartitionMetadataValue,
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
  consumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberValue,
  consumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataValue,
} from './groups/consumer-group.ts'
import {
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
  shareGroupMemberMetadataKey,
  shareGroupMemberMetadataValue,
  shareGroupMetadataKey,
  shareGroupMetadataValue,
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
} from './groups/share-group.ts'
import {
  streamsGroupCurrentMemberAssignmentKey,
  streamsGroupCurrentMemberAssignmentValue,
  streamsGroupMemberMetadataKey,
  streamsGroupMemberMetadataValue,
  streamsGroupMetadataKey,
  streamsGroupMetadataValue,
  streamsGroupTargetAssignmentMemberKey,
  streamsGroupTargetAssignmentMemberValue,
  streamsGroupTargetAssignmentMetadataKey,
  streamsGroupTargetAssignmentMetadataValue,
  streamsGroupTopologyKey,
  streamsGroupTopologyValue,
} from './groups/streams-group.ts'
import { type RecordInputOf, type RecordOf, recordFamily } from './record-family.ts'

export type * from './groups/classic-group.ts'
export type * from './groups/consumer-group.ts'
export type * from './groups/share-group.ts'
export type * from './groups/streams-group.ts'

/** Number and schemas by name. */
export const groupRecordKinds = {
  LegacyOffsetCommit: { id: 0, key: legacyOffsetCommitKey, value: legacyOffsetCommitValue },
  OffsetCommit: { id: 1, key: offsetCommitKey, value: offsetCommitValue },
  GroupMetadata: { id: 2, key: groupMetadataKey, value: groupMetadataValue },
  ConsumerGroupMetadata: { id: 3, key: consumerGroupMetadataKey, value: consumerGroupMetadataValue },
  ConsumerGroupPartitionMetadata: {
    id: 4,
    key: consumerGroupPartitionMetadataKey,
    value: consumerGroupPartitionMetadataValue,
  },
  ConsumerGroupMemberMetadata: {
    id: 5,
    key: consumerGroupMemberMetadataKey,
    value: consumerGroupMemberMetadataValue,
  },
  ConsumerGroupTargetAssignmentMetadata: {
    id: 6,
    key: consumerGroupTargetAssignmentMetadataKey,
    value: consumerGroupTargetAssignmentMetadataValue,
  },
  ConsumerGroupTargetAssignmentMember: {
    id: 7,
    key: consumerGroupTargetAssignmentMemberKey,
    value: consumerGroupTargetAssignmentMemberValue,
  },
  ConsumerGroupCurrentMemberAssignment: {
    id: 8,
    key: consumerGroupCurrentMemberAssignmentKey,
    value: consumerGroupCurrentMemberAssignmentValue,
  },
  ShareGroupMemberMetadata: {
    id: 10,
    key: shareGroupMemberMetadataKey,
    value: shareGroupMemberMetadataValue,
  },
  ShareGroupMetadata: { id: 11, key: shareGroupMetadataKey, value: shareGroupMetadataValue },
  ShareGroupTargetAssignmentMetadata: {
    id: 12,
    key: shareGroupTargetAssignmentMetadataKey,
    value: shareGroupTargetAssignmentMetadataValue,
  },
  ShareGroupTargetAssignmentMember: {
    id: 13,
    key: shareGroupTargetAssignmentMemberKey,
    value: shareGroupTargetAssignmentMemberValue,
  },
  ShareGroupCurrentMemberAssignment: {
    id: 14,
    key: shareGroupCurrentMemberAssignmentKey,
    value: shareGroupCurrentMemberAssignmentValue,
  },
  ShareGroupStatePartitionMetadata: {
    id: 15,
    key: shareGroupStatePartitionMetadataKey,
    value: shareGroupStatePartitionMetadataValue,
  },
  ConsumerGroupRegularExpression: {
    id: 16,
    key: consumerGroupRegularExpressionKey,
    value: consumerGroupRegularExpressionValue,
  },
  StreamsGroupMetadata: { id: 17, key: streamsGroupMetadataKey, value: streamsGroupMetadataValue },
  StreamsGroupMemberMetadata: {
    id: 19,
    key: streamsGroupMemberMetadataKey,
    value: streamsGroupMemberMetadataValue,
  },
  StreamsGroupTargetAssignmentMetadata: {
    id: 20,
    key: streamsGroupTargetAssignmentMetadataKey,
    value: streamsGroupTargetAssignmentMetadataValue,
  },
  StreamsGroupTargetAssignmentMember: {
    id: 21,
    key: streamsGroupTargetAssignmentMemberKey,
    value: streamsGroupTargetAssignmentMemberValue,
  },
  StreamsGroupCurrentMemberAssignment: {
    id: 22,
    key: streamsGroupCurrentMemberAssignmentKey,
    value: streamsGroupCurrentMemberAssignmentValue,
  },
  StreamsGroupTopology: { id: 23, key: streamsGroupTopologyKey, value: streamsGroupTopologyValue },
}

export type GroupRecord = RecordOf<typeof groupRecordKinds>
export type GroupRecordInput = RecordInputOf<typeof groupRecordKinds>
export type GroupRecordType = GroupRecord['type']

const groupRecords = recordFamily(groupRecordKinds)

/** The key and value of a record, the value at its newest version unless told; throws `EncodeError`. */
export const encodeGroupRecord = groupRecords.encode

/** Reads a record; its kind or version may be one of a later Kafka, which is an error that tells so. */
export const decodeGroupRecord = groupRecords.decode
