/**
 * AddRaftVoter (80): adds a voter to the metadata quorum (KIP-853).
 */
import {
  array,
  bool,
  type Input,
  int16,
  int32,
  string,
  struct,
  uint16,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const addRaftVoter = api({
  key: 80,
  name: 'AddRaftVoter',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['controller', 'broker'],
  request: {
    clusterId: string({ nullable: true }),
    timeoutMs: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array(struct({ name: string(), host: string(), port: uint16() })),
    ackWhenCommitted: bool({ since: 1, default: true }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, ignorable: true }),
  },
})

export type AddRaftVoterRequest = Value<typeof addRaftVoter.request>
export type AddRaftVoterRequestInput = Input<typeof addRaftVoter.request>
export type AddRaftVoterResponse = Value<typeof addRaftVoter.response>
export type AddRaftVoterResponseInput = Input<typeof addRaftVoter.response>
