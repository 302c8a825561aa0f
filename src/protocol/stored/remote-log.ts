/**
 * Records of `__remote_log_metadata`, which tells where segments were copied to (KIP-405).
 */
import {
  array,
  bool,
  bytes,
  type Input,
  int8,
  int32,
  int64,
  string,
  struct,
  uuid,
  type Value,
} from '../schema/field.ts'
import { message } from '../schema/message.ts'
import { type FramedInputOf, type FramedOf, framedRecords } from './framed-record.ts'

export const remoteLogSegmentMetadataRecord = message({
  name: 'RemoteLogSegmentMetadataRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    remoteLogSegmentId: struct({
      topicIdPartition: struct({ name: string(), id: uuid(), partition: int32() }),
      id: uuid(),
    }),
    startOffset: int64(),
    endOffset: int64(),
    brokerId: int32(),
    maxTimestampMs: int64(),
    eventTimestampMs: int64(),
    segmentLeaderEpochs: array(struct({ leaderEpoch: int32(), offset: int64() })),
    segmentSizeInBytes: int32(),
    customMetadata: bytes({ nullable: true, default: null }),
    remoteLogSegmentState: int8(),
    txnIndexEmpty: bool({ tag: 0 }),
  },
})
export type RemoteLogSegmentMetadataRecord = Value<typeof remoteLogSegmentMetadataRecord>
export type RemoteLogSegmentMetadataRecordInput = Input<typeof remoteLogSegmentMetadataRecord>

export const remoteLogSegmentMetadataSnapshotRecord = message({
  name: 'RemoteLogSegmentMetadataSnapshotRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    segmentId: uuid(),
    startOffset: int64(),
    endOffset: int64(),
    brokerId: int32(),
    maxTimestampMs: int64(),
    eventTimestampMs: int64(),
    segmentLeaderEpochs: array(struct({ leaderEpoch: int32(), offset: int64() })),
    segmentSizeInBytes: int32(),
    customMetadata: bytes({ nullable: true, default: null }),
    remoteLogSegmentState: int8(),
    txnIndexEmpty: bool({ tag: 0 }),
  },
})
export type RemoteLogSegmentMetadataSnapshotRecord = Value<typeof remoteLogSegmentMetadataSnapshotRecord>
export type RemoteLogSegmentMetadataSnapshotRecordInput = Input<typeof remoteLogSegmentMetadataSnapshotRecord>

export const remoteLogSegmentMetadataUpdateRecord = message({
  name: 'RemoteLogSegmentMetadataUpdateRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    remoteLogSegmentId: struct({
      topicIdPartition: struct({ name: string(), id: uuid(), partition: int32() }),
      id: uuid(),
    }),
    brokerId: int32(),
    eventTimestampMs: int64(),
    customMetadata: bytes({ nullable: true, default: null }),
    remoteLogSegmentState: int8(),
  },
})
export type RemoteLogSegmentMetadataUpdateRecord = Value<typeof remoteLogSegmentMetadataUpdateRecord>
export type RemoteLogSegmentMetadataUpdateRecordInput = Input<typeof remoteLogSegmentMetadataUpdateRecord>

export const remotePartitionDeleteMetadataRecord = message({
  name: 'RemotePartitionDeleteMetadataRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    topicIdPartition: struct({ name: string(), id: uuid(), partition: int32() }),
    brokerId: int32(),
    eventTimestampMs: int64(),
    remotePartitionDeleteState: int8(),
  },
})
export type RemotePartitionDeleteMetadataRecord = Value<typeof remotePartitionDeleteMetadataRecord>
export type RemotePartitionDeleteMetadataRecordInput = Input<typeof remotePartitionDeleteMetadataRecord>

/** Number and schemas by name. */
export const remoteLogRecordTypes = {
  RemoteLogSegmentMetadataRecord: { id: 0, message: remoteLogSegmentMetadataRecord },
  RemoteLogSegmentMetadataUpdateRecord: { id: 1, message: remoteLogSegmentMetadataUpdateRecord },
  RemotePartitionDeleteMetadataRecord: { id: 2, message: remotePartitionDeleteMetadataRecord },
  RemoteLogSegmentMetadataSnapshotRecord: { id: 3, message: remoteLogSegmentMetadataSnapshotRecord },
}

export type RemoteLogRecord = FramedOf<typeof remoteLogRecordTypes>
export type RemoteLogRecordInput = FramedInputOf<typeof remoteLogRecordTypes>

const remoteLogRecords = framedRecords(remoteLogRecordTypes)

/** The bytes of a record of the remote log's metadata topic. */
export const encodeRemoteLogRecord = remoteLogRecords.encode

/** Reads a record of the remote log's metadata topic. */
export const decodeRemoteLogRecord = remoteLogRecords.decode
