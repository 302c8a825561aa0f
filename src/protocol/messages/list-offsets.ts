/**
 * ListOffsets (2): finds offsets by time, and the special ones: latest, earliest, largest timestamp (KIP-79, KIP-734).
 */
import { array, type Input, int8, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const listOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 11],
  flexibleSince: 6,
  listeners: ['broker'],
  request: {
    replicaId: int32(),
    isolationLevel: int8({ since: 2 }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            currentLeaderEpoch: int32({ since: 4, default: -1, ignorable: true }),
            timestamp: int64(),
          }),
        ),
      }),
    ),
    timeoutMs: int32({ since: 10, ignorable: true }),
  },
  response: {
    throttleTimeMs: int32({ since: 2, ignorable: true }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            timestamp: int64({ default: -1n }),
            offset: int64({ default: -1n }),
            leaderEpoch: int32({ since: 4, default: -1 }),
          }),
        ),
      }),
    ),
  },
})

export type ListOffsetsRequest = Value<typeof listOffsets.request>
export type ListOffsetsRequestInput = Input<typeof listOffsets.request>
export type ListOffsetsResponse = Value<typeof listOffsets.response>
export type ListOffsetsResponseInput = Input<typeof listOffsets.response>
