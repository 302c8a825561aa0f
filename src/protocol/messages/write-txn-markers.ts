/**
 * WriteTxnMarkers (27): writes commit and abort markers into partitions, between brokers (KIP-98).
 */
import {
  array,
  bool,
  type Input,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const writeTxnMarkers = api({
  key: 27,
  name: 'WriteTxnMarkers',
  versions: [1, 2],
  flexibleSince: 1,
  listeners: ['broker'],
  request: {
    markers: array(
      struct({
        producerId: int64(),
        producerEpoch: int16(),
        transactionResult: bool(),
        topics: array(struct({ name: string(), partitionIndexes: array(int32()) })),
        coordinatorEpoch: int32(),
        transactionVersion: int8({ since: 2, default: 0, ignorable: true }),
      }),
    ),
  },
  response: {
    markers: array(
      struct({
        producerId: int64(),
        topics: array(
          struct({
            name: string(),
            partitions: array(struct({ partitionIndex: int32(), errorCode: int16() })),
          }),
        ),
      }),
    ),
  },
})

export type WriteTxnMarkersRequest = Value<typeof writeTxnMarkers.request>
export type WriteTxnMarkersRequestInput = Input<typeof writeTxnMarkers.request>
export type WriteTxnMarkersResponse = Value<typeof writeTxnMarkers.response>
export type WriteTxnMarkersResponseInput = Input<typeof writeTxnMarkers.response>
