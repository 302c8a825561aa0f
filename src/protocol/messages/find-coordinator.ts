/**
 * FindCoordinator (10): tells who coordinates a group, transaction or share group; several keys at once since 4 (KIP-699).
 */
import { array, type Input, int8, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const findCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexibleSince: 3,
  listeners: ['broker'],
  request: {
    key: string({ until: 3 }),
    keyType: int8({ since: 1, default: 0 }),
    coordinatorKeys: array(string(), { since: 4 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16({ until: 3 }),
    errorMessage: string({ since: 1, until: 3, nullable: true, ignorable: true }),
    nodeId: int32({ until: 3 }),
    host: string({ until: 3 }),
    port: int32({ until: 3 }),
    coordinators: array(
      struct({
        key: string({ since: 4 }),
        nodeId: int32({ since: 4 }),
        host: string({ since: 4 }),
        port: int32({ since: 4 }),
        errorCode: int16({ since: 4 }),
        errorMessage: string({ since: 4, nullable: true, ignorable: true }),
      }),
      { since: 4 },
    ),
  },
})

export type FindCoordinatorRequest = Value<typeof findCoordinator.request>
export type FindCoordinatorRequestInput = Input<typeof findCoordinator.request>
export type FindCoordinatorResponse = Value<typeof findCoordinator.response>
export type FindCoordinatorResponseInput = Input<typeof findCoordinator.response>
