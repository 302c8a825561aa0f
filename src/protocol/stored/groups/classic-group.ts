/**
 * Records of `__consumer_offsets` about committed offsets and classic groups.
 */
import {
  array,
  bytes,
  type Input,
  int32,
  int64,
  string,
  struct,
  uuid,
  type Value,
} from '../../schema/field.ts'
import { message } from '../../schema/message.ts'

export const groupMetadataKey = message({
  name: 'GroupMetadataKey',
  versions: [0, 0],
  fields: { group: string() },
})
export type GroupMetadataKey = Value<typeof groupMetadataKey>
export type GroupMetadataKeyInput = Input<typeof groupMetadataKey>

const memberMetadata = struct({
  memberId: string(),
  groupInstanceId: string({ since: 3, nullable: true, default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32({ since: 1, default: -1, ignorable: true }),
  sessionTimeout: int32(),
  subscription: bytes(),
  assignment: bytes(),
})

export const groupMetadataValue = message({
  name: 'GroupMetadataValue',
  versions: [0, 4],
  flexibleSince: 4,
  fields: {
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullable: true }),
    leader: string({ nullable: true }),
    currentStateTimestamp: int64({ since: 2, default: -1n, ignorable: true }),
    members: array(memberMetadata),
  },
})
export type GroupMetadataValue = Value<typeof groupMetadataValue>
export type GroupMetadataValueInput = Input<typeof groupMetadataValue>

export const legacyOffsetCommitKey = message({
  name: 'LegacyOffsetCommitKey',
  versions: [0, 0],
  fields: { group: string(), topic: string(), partition: int32() },
})
export type LegacyOffsetCommitKey = Value<typeof legacyOffsetCommitKey>
export type LegacyOffsetCommitKeyInput = Input<typeof legacyOffsetCommitKey>

export const legacyOffsetCommitValue = message({
  name: 'LegacyOffsetCommitValue',
  versions: [0, 0],
  fields: { offset: int64(), metadata: string(), commitTimestamp: int64() },
})
export type LegacyOffsetCommitValue = Value<typeof legacyOffsetCommitValue>
export type LegacyOffsetCommitValueInput = Input<typeof legacyOffsetCommitValue>

export const offsetCommitKey = message({
  name: 'OffsetCommitKey',
  versions: [0, 0],
  fields: { group: string(), topic: string(), partition: int32() },
})
export type OffsetCommitKey = Value<typeof offsetCommitKey>
export type OffsetCommitKeyInput = Input<typeof offsetCommitKey>

export const offsetCommitValue = message({
  name: 'OffsetCommitValue',
  versions: [0, 4],
  flexibleSince: 4,
  fields: {
    offset: int64(),
    leaderEpoch: int32({ since: 3, default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: int64(),
    expireTimestamp: int64({ since: 1, until: 1, default: -1n, ignorable: true }),
    topicId: uuid({ since: 4, tag: 0, ignorable: true }),
  },
})
export type OffsetCommitValue = Value<typeof offsetCommitValue>
export type OffsetCommitValueInput = Input<typeof offsetCommitValue>
