/**
 * DeleteShareGroupOffsets (92): deletes the start offsets of a share group (KIP-932).
 */
import { array, type Input, int16, int32, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const deleteShareGroupOffsets = api({
  key: 92,
  name: 'DeleteShareGroupOffsets',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { groupId: string(), topics: array(struct({ topicName: string() })) },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    responses: array(
      struct({
        topicName: string(),
        topicId: uuid(),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
      }),
    ),
  },
})

export type DeleteShareGroupOffsetsRequest = Value<typeof deleteShareGroupOffsets.request>
export type DeleteShareGroupOffsetsRequestInput = Input<typeof deleteShareGroupOffsets.request>
export type DeleteShareGroupOffsetsResponse = Value<typeof deleteShareGroupOffsets.response>
export type DeleteShareGroupOffsetsResponseInput = Input<typeof deleteShareGroupOffsets.response>
