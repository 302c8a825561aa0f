/**
 * EndQuorumEpoch (54): resigns from the leadership of the quorum (KIP-595).
 */
import { array, type Input, int16, int32, string, struct, uint16, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const endQuorumEpoch = api({
  key: 54,
  name: 'EndQuorumEpoch',
  versions: [0, 1],
  flexibleSince: 1,
  listeners: ['controller'],
  request: {
    clusterId: string({ nullable: true, default: null }),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            leaderId: int32(),
            leaderEpoch: int32(),
            preferredSuccessors: array(int32(), { until: 0, ignorable: true }),
            preferredCandidates: array(
              struct({ candidateId: int32({ since: 1 }), candidateDirectoryId: uuid({ since: 1 }) }),
              { since: 1, ignorable: true },
            ),
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

export type EndQuorumEpochRequest = Value<typeof endQuorumEpoch.request>
export type EndQuorumEpochRequestInput = Input<typeof endQuorumEpoch.request>
export type EndQuorumEpochResponse = Value<typeof endQuorumEpoch.response>
export type EndQuorumEpochResponseInput = Input<typeof endQuorumEpoch.response>
