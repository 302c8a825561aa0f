/**
 * WriteShareGroupState (85): changes a share partition's state, between brokers (KIP-932).
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
import { api } from '../schema/message.ts'

export const writeShareGroupState = api({
  key: 85,
  name: 'WriteShareGroupState',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    topics: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            stateEpoch: int32(),
            leaderEpoch: int32(),
            startOffset: int64(),
            deliveryCompleteCount: int32({ since: 1, default: -1, ignorable: true }),
            stateBatches: array(
              struct({
                firstOffset: int64(),
                lastOffset: int64(),
                deliveryState: int8(),
                deliveryCount: int16(),
              }),
            ),
          }),
        ),
      }),
    ),
  },
  response: {
    results: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: true, default: null }),
          }),
        ),
      }),
    ),
  },
})

export type WriteShareGroupStateRequest = Value<typeof writeShareGroupState.request>
export type WriteShareGroupStateRequestInput = Input<typeof writeShareGroupState.request>
export type WriteShareGroupStateResponse = Value<typeof writeShareGroupState.response>
export type WriteShareGroupStateResponseInput = Input<typeof writeShareGroupState.response>
