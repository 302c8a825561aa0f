/**
 * UpdateRaftVoter (82): changes the endpoints of a voter (KIP-853).
 */
import { array, type Input, int16, int32, string, struct, uint16, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const updateRaftVoter = api({
  key: 82,
  name: 'UpdateRaftVoter',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    clusterId: string({ nullable: true }),
    currentLeaderEpoch: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array(struct({ name: string(), host: string(), port: uint16() })),
    kRaftVersionFeature: struct({ minSupportedVersion: int16(), maxSupportedVersion: int16() }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    currentLeader: struct(
      {
        leaderId: int32({ default: -1 }),
        leaderEpoch: int32({ default: -1 }),
        host: string(),
        port: int32(),
      },
      { tag: 0 },
    ),
  },
})

export type UpdateRaftVoterRequest = Value<typeof updateRaftVoter.request>
export type UpdateRaftVoterRequestInput = Input<typeof updateRaftVoter.request>
export type UpdateRaftVoterResponse = Value<typeof updateRaftVoter.response>
export type UpdateRaftVoterResponseInput = Input<typeof updateRaftVoter.response>
