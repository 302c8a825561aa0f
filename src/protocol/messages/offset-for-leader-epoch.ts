/**
 * OffsetForLeaderEpoch (23): tells where a leader epoch ends in the leader's log (KIP-101, KIP-320).
 */
import { array, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const offsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  flexibleSince: 4,
  listeners: ['broker'],
  request: {
    replicaId: int32({ since: 3, default: -2, ignorable: true }),
    topics: array(
      struct({
        topic: string(),
        partitions: array(
          struct({
            partition: int32(),
            currentLeaderEpoch: int32({ default: -1, ignorable: true }),
            leaderEpoch: int32(),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32({ ignorable: true }),
    topics: array(
      struct({
        topic: string(),
        partitions: array(
          struct({
            errorCode: int16(),
            partition: int32(),
            leaderEpoch: int32({ default: -1, ignorable: true }),
            endOffset: int64({ default: -1n }),
          }),
        ),
      }),
    ),
  },
})

export type OffsetForLeaderEpochRequest = Value<typeof offsetForLeaderEpoch.request>
export type OffsetForLeaderEpochRequestInput = Input<typeof offsetForLeaderEpoch.request>
export type OffsetForLeaderEpochResponse = Value<typeof offsetForLeaderEpoch.response>
export type OffsetForLeaderEpochResponseInput = Input<typeof offsetForLeaderEpoch.response>
