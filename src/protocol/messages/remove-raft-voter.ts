/**
 * RemoveRaftVoter (81): removes a voter from the metadata quorum (KIP-853).
 */
import { type Input, int16, int32, string, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const removeRaftVoter = api({
  key: 81,
  name: 'RemoveRaftVoter',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller', 'broker'],
  request: { clusterId: string({ nullable: true }), voterId: int32(), voterDirectoryId: uuid() },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, ignorable: true }),
  },
})

export type RemoveRaftVoterRequest = Value<typeof removeRaftVoter.request>
export type RemoveRaftVoterRequestInput = Input<typeof removeRaftVoter.request>
export type RemoveRaftVoterResponse = Value<typeof removeRaftVoter.response>
export type RemoveRaftVoterResponseInput = Input<typeof removeRaftVoter.response>
