/**
 * InitializeShareGroupState (83): begins a share partition's state, between brokers (KIP-932).
 */
import { array, type Input, int16, int32, int64, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const initializeShareGroupState = api({
  key: 83,
  name: 'InitializeShareGroupState',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    topics: array(
      struct({
        topicId: uuid(),
        partitions: array(struct({ partition: int32(), stateEpoch: int32(), startOffset: int64() })),
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

export type InitializeShareGroupStateRequest = Value<typeof initializeShareGroupState.request>
export type InitializeShareGroupStateRequestInput = Input<typeof initializeShareGroupState.request>
export type InitializeShareGroupStateResponse = Value<typeof initializeShareGroupState.response>
export type InitializeShareGroupStateResponseInput = Input<typeof initializeShareGroupState.response>
