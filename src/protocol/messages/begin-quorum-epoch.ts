/**
 * BeginQuorumEpoch (53): announces the leader of a quorum epoch (KIP-595).
 */
import { array, type Input, int16, int32, string, struct, uint16, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const beginQuorumEpoch = api({
  key: 53,
  name: 'BeginQuorumEpoch',
  versions: [0, 1],
  flexibleSince: 1,
  listeners: ['controller'],
  request: {
    clusterId: string({ nullable: true, default: null }),
    voterId: int32({ since: 1, default: -1, ignorable: true }),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            voterDirectoryId: uuid({ since: 1, ignorable: true }),
            leaderId: int32(),
            leaderEpoch: int32(),
          }),
        ),
      }),
    ),
    leaderEndpoints: array(
      struct({ name: string({ since: 1 }), host: string({ since: 1 }), port: uint16({ since: 1 }) }),
      { since: 1, ignorable: true },
    ),
  },
  response: {
    errorCode: int16(),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({ partitionIndex: int32(), errorCode: int16(), leaderId: int32(), leaderEpoch: int32() }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({ nodeId: int32({ since: 1 }), host: string({ since: 1 }), port: uint16({ since: 1 }) }),
      { since: 1, tag: 0 },
    ),
  },
})

export type BeginQuorumEpochRequest = Value<typeof beginQuorumEpoch.request>
export type BeginQuorumEpochRequestInput = Input<typeof beginQuorumEpoch.request>
export type BeginQuorumEpochResponse = Value<typeof beginQuorumEpoch.response>
export type BeginQuorumEpochResponseInput = Input<typeof beginQuorumEpoch.response>
