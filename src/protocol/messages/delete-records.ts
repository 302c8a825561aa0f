/**
 * DeleteRecords (21): moves the start of partitions forward (KIP-107).
 */
import { array, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const deleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexibleSince: 2,
  listeners: ['broker'],
  request: {
    topics: array(
      struct({ name: string(), partitions: array(struct({ partitionIndex: int32(), offset: int64() })) }),
    ),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32(),
    topics: array(
      struct({
        name: string(),
        partitions: array(struct({ partitionIndex: int32(), lowWatermark: int64(), errorCode: int16() })),
      }),
    ),
  },
})

export type DeleteRecordsRequest = Value<typeof deleteRecords.request>
export type DeleteRecordsRequestInput = Input<typeof deleteRecords.request>
export type DeleteRecordsResponse = Value<typeof deleteRecords.response>
export type DeleteRecordsResponseInput = Input<typeof deleteRecords.response>
