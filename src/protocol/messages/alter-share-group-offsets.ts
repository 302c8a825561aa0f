/**
 * AlterShareGroupOffsets (91): changes the start offsets of a share group (KIP-932).
 */
import { array, type Input, int16, int32, int64, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const alterShareGroupOffsets = api({
  key: 91,
  name: 'AlterShareGroupOffsets',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(struct({ partitionIndex: int32(), startOffset: int64() })),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    responses: array(
      struct({
        topicName: string(),
        topicId: uuid(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: true, default: null }),
          }),
        ),
      }),
    ),
  },
})

export type AlterShareGroupOffsetsRequest = Value<typeof alterShareGroupOffsets.request>
export type AlterShareGroupOffsetsRequestInput = Input<typeof alterShareGroupOffsets.request>
export type AlterShareGroupOffsetsResponse = Value<typeof alterShareGroupOffsets.response>
export type AlterShareGroupOffsetsResponseInput = Input<typeof alterShareGroupOffsets.response>
