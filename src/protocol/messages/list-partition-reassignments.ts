/**
 * ListPartitionReassignments (46): lists replica moves under way (KIP-455).
 */
import { array, type Input, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const listPartitionReassignments = api({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: {
    timeoutMs: int32({ default: 60000 }),
    topics: array(struct({ name: string(), partitionIndexes: array(int32()) }), {
      nullable: true,
      default: null,
    }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            replicas: array(int32()),
            addingReplicas: array(int32()),
            removingReplicas: array(int32()),
          }),
        ),
      }),
    ),
  },
})

export type ListPartitionReassignmentsRequest = Value<typeof listPartitionReassignments.request>
export type ListPartitionReassignmentsRequestInput = Input<typeof listPartitionReassignments.request>
export type ListPartitionReassignmentsResponse = Value<typeof listPartitionReassignments.response>
export type ListPartitionReassignmentsResponseInput = Input<typeof listPartitionReassignments.response>
