/**
 * FetchSnapshot (59): reads a snapshot of the metadata log in pieces (KIP-630).
 */
import {
  array,
  type Input,
  int16,
  int32,
  int64,
  records,
  string,
  struct,
  uint16,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const fetchSnapshot = api({
  key: 59,
  name: 'FetchSnapshot',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    clusterId: string({ nullable: true, tag: 0, default: null }),
    replicaId: int32({ default: -1 }),
    maxBytes: int32({ default: 2147483647 }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partition: int32(),
            currentLeaderEpoch: int32(),
            snapshotId: struct({ endOffset: int64(), epoch: int32() }),
            position: int64(),
            replicaDirectoryId: uuid({ since: 1, tag: 0, ignorable: true }),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16(),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            index: int32(),
            errorCode: int16(),
            snapshotId: struct({ endOffset: int64(), epoch: int32() }),
            currentLeader: struct({ leaderId: int32(), leaderEpoch: int32() }, { tag: 0 }),
            size: int64(),
            position: int64(),
            unalignedRecords: records(),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({ nodeId: int32({ since: 1 }), host: string({ since: 1 }), port: uint16({ since: 1 }) }),
      { since: 1, tag: 0 },
    ),
  },
})

export type FetchSnapshotRequest = Value<typeof fetchSnapshot.request>
export type FetchSnapshotRequestInput = Input<typeof fetchSnapshot.request>
export type FetchSnapshotResponse = Value<typeof fetchSnapshot.response>
export type FetchSnapshotResponseInput = Input<typeof fetchSnapshot.response>
