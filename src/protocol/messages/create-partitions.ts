/**
 * CreatePartitions (37): adds partitions to topics (KIP-195).
 */
import { array, bool, type Input, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const createPartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    topics: array(
      struct({
        name: string(),
        count: int32(),
        assignments: array(struct({ brokerIds: array(int32()) }), { nullable: true }),
      }),
    ),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32(),
    results: array(
      struct({ name: string(), errorCode: int16(), errorMessage: string({ nullable: true, default: null }) }),
    ),
  },
})

export type CreatePartitionsRequest = Value<typeof createPartitions.request>
export type CreatePartitionsRequestInput = Input<typeof createPartitions.request>
export type CreatePartitionsResponse = Value<typeof createPartitions.response>
export type CreatePartitionsResponseInput = Input<typeof createPartitions.response>
