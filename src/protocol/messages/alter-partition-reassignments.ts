/**
 * AlterPartitionReassignments (45): moves replicas of partitions, or cancels a move (KIP-455).
 */
import { array, bool, type Input, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const alterPartitionReassignments = api({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: {
    timeoutMs: int32({ default: 60000 }),
    allowReplicationFactorChange: bool({ since: 1, default: true }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({ partitionIndex: int32(), replicas: array(int32(), { nullable: true, default: null }) }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    allowReplicationFactorChange: bool({ since: 1, default: true, ignorable: true }),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    responses: array(
      struct({
        name: string(),
        partitions: array(
          struct({ partitionIndex: int32(), errorCode: int16(), errorMessage: string({ nullable: true }) }),
        ),
      }),
    ),
  },
})

export type AlterPartitionReassignmentsRequest = Value<typeof alterPartitionReassignments.request>
export type AlterPartitionReassignmentsRequestInput = Input<typeof alterPartitionReassignments.request>
export type AlterPartitionReassignmentsResponse = Value<typeof alterPartitionReassignments.response>
export type AlterPartitionReassignmentsResponseInput = Input<typeof alterPartitionReassignments.response>
