/**
 * Keys and values of control records: transaction markers, leader changes, snapshots, and the KRaft quorum's
 * version and voters (KIP-98, KIP-595, KIP-630, KIP-853).
 */
import {
  array,
  type Input,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  uuid,
  type Value,
} from '../schema/field.ts'
import { message } from '../schema/message.ts'

export const controlRecordTypeSchema = message({
  name: 'ControlRecordTypeSchema',
  versions: [0, 0],
  fields: { type: int16() },
})
export type ControlRecordTypeSchema = Value<typeof controlRecordTypeSchema>
export type ControlRecordTypeSchemaInput = Input<typeof controlRecordTypeSchema>

export const endTxnMarker = message({
  name: 'EndTxnMarker',
  versions: [0, 0],
  fields: { coordinatorEpoch: int32() },
})
export type EndTxnMarker = Value<typeof endTxnMarker>
export type EndTxnMarkerInput = Input<typeof endTxnMarker>

const voter = struct({ voterId: int32(), voterDirectoryId: uuid({ since: 1 }) })

export const leaderChangeMessage = message({
  name: 'LeaderChangeMessage',
  versions: [0, 1],
  flexibleSince: 0,
  fields: { version: int16(), leaderId: int32(), voters: array(voter), grantingVoters: array(voter) },
})
export type LeaderChangeMessage = Value<typeof leaderChangeMessage>
export type LeaderChangeMessageInput = Input<typeof leaderChangeMessage>

export const snapshotHeaderRecord = message({
  name: 'SnapshotHeaderRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { version: int16(), lastContainedLogTimestamp: int64() },
})
export type SnapshotHeaderRecord = Value<typeof snapshotHeaderRecord>
export type SnapshotHeaderRecordInput = Input<typeof snapshotHeaderRecord>

export const snapshotFooterRecord = message({
  name: 'SnapshotFooterRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { version: int16() },
})
export type SnapshotFooterRecord = Value<typeof snapshotFooterRecord>
export type SnapshotFooterRecordInput = Input<typeof snapshotFooterRecord>

export const kRaftVersionRecord = message({
  name: 'KRaftVersionRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: { version: int16(), kRaftVersion: int16() },
})
export type KRaftVersionRecord = Value<typeof kRaftVersionRecord>
export type KRaftVersionRecordInput = Input<typeof kRaftVersionRecord>

export const votersRecord = message({
  name: 'VotersRecord',
  versions: [0, 0],
  flexibleSince: 0,
  fields: {
    version: int16(),
    voters: array(
      struct({
        voterId: int32(),
        voterDirectoryId: uuid(),
        endpoints: array(struct({ name: string(), host: string(), port: uint16() })),
        kRaftVersionFeature: struct({ minSupportedVersion: int16(), maxSupportedVersion: int16() }),
      }),
    ),
  },
})
export type VotersRecord = Value<typeof votersRecord>
export type VotersRecordInput = Input<typeof votersRecord>
