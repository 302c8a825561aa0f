/**
 * DeleteShareGroupState (86): deletes a share partition's state, between brokers (KIP-932).
 */
import { array, type Input, int16, int32, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const deleteShareGroupState = api({
  key: 86,
  name: 'DeleteShareGroupState',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    topics: array(struct({ topicId: uuid(), partitions: array(struct({ partition: int32() })) })),
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

export type DeleteShareGroupStateRequest = Value<typeof deleteShareGroupState.request>
export type DeleteShareGroupStateRequestInput = Input<typeof deleteShareGroupState.request>
export type DeleteShareGroupStateResponse = Value<typeof deleteShareGroupState.response>
export type DeleteShareGroupStateResponseInput = Input<typeof deleteShareGroupState.response>
