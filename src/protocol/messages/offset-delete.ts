/**
 * OffsetDelete (47): deletes committed offsets of a group (KIP-496).
 */
import { array, type Input, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const offsetDelete = api({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  listeners: ['broker'],
  request: {
    groupId: string(),
    topics: array(struct({ name: string(), partitions: array(struct({ partitionIndex: int32() })) })),
  },
  response: {
    errorCode: int16(),
    throttleTimeMs: int32({ ignorable: true }),
    topics: array(
      struct({ name: string(), partitions: array(struct({ partitionIndex: int32(), errorCode: int16() })) }),
    ),
  },
})

export type OffsetDeleteRequest = Value<typeof offsetDelete.request>
export type OffsetDeleteRequestInput = Input<typeof offsetDelete.request>
export type OffsetDeleteResponse = Value<typeof offsetDelete.response>
export type OffsetDeleteResponseInput = Input<typeof offsetDelete.response>
