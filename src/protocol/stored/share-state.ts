/**
 * Records of `__share_group_state`: how far a share group has come with a partition (KIP-932).
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
  uuid,
  type Value,
} from '../schema/field.ts'
import { message } from '../schema/message.ts'
import { type RecordInputOf, type RecordOf, recordFamily } from './record-family.ts'

export const shareSnapshotKey = message({
  name: 'ShareSnapshotKey',
  versions: [0, 0],
  fields: { groupId: string(), topicId: uuid(), partition: int32() },
})
export type ShareSnapshotKey = Value<typeof shareSnapshotKey>
export type ShareSnapshotKeyInput = Input<typeof shareSnapshotKey>

export const shareSnapshotValue = message({
  name: 'ShareSnapshotValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    snapshotEpoch: int32(),
    stateEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ tag: 0, default: -1 }),
    createTimestamp: int64(),
    writeTimestamp: int64(),
    stateBatches: array(
      struct({ firstOffset: int64(), lastOffset: int64(), deliveryState: int8(), deliveryCount: int16() }),
    ),
  },
})
export type ShareSnapshotValue = Value<typeof shareSnapshotValue>
export type ShareSnapshotValueInput = Input<typeof shareSnapshotValue>

export const shareUpdateKey = message({
  name: 'ShareUpdateKey',
  versions: [0, 0],
  fields: { groupId: string(), topicId: uuid(), partition: int32() },
})
export type ShareUpdateKey = Value<typeof shareUpdateKey>
export type ShareUpdateKeyInput = Input<typeof shareUpdateKey>

export const shareUpdateValue = message({
  name: 'ShareUpdateValue',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    snapshotEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ tag: 0, default: -1 }),
    stateBatches: array(
      struct({ firstOffset: int64(), lastOffset: int64(), deliveryState: int8(), deliveryCount: int16() }),
    ),
  },
})
export type ShareUpdateValue = Value<typeof shareUpdateValue>
export type ShareUpdateValueInput = Input<typeof shareUpdateValue>

/** Number and schemas by name. */
export const shareStateRecordKinds = {
  ShareSnapshot: { id: 0, key: shareSnapshotKey, value: shareSnapshotValue },
  ShareUpdate: { id: 1, key: shareUpdateKey, value: shareUpdateValue },
}

export type ShareStateRecord = RecordOf<typeof shareStateRecordKinds>
export type ShareStateRecordInput = RecordInputOf<typeof shareStateRecordKinds>

const shareStateRecords = recordFamily(shareStateRecordKinds)

/** The key and value of a record, the value at its newest version unless told; throws `EncodeError`. */
export const encodeShareStateRecord = shareStateRecords.encode

/** Reads a record; its kind or version may be one of a later Kafka, which is an error that tells so. */
export const decodeShareStateRecord = shareStateRecords.decode
