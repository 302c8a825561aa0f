/**
 * ReadShareGroupState (84): reads a share partition's state, between brokers (KIP-932).
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

export const readShareGroupState = api({
  key: 84,
  name: 'ReadShareGroupState',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    topics: array(
      struct({ topicId: uuid(), partitions: array(struct({ partition: int32(), leaderEpoch: int32() })) }),
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
            stateEpoch: int32(),
            startOffset: int64(),
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
})

export type ReadShareGroupStateRequest = Value<typeof readShareGroupState.request>
export type ReadShareGroupStateRequestInput = Input<typeof readShareGroupState.request>
export type ReadShareGroupStateResponse = Value<typeof readShareGroupState.response>
export type ReadShareGroupStateResponseInput = Input<typeof readShareGroupState.response>
