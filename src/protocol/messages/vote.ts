/**
 * Vote (52): asks a voter of the quorum for its vote or pre-vote (KIP-595, KIP-996).
 */
import {
  array,
  bool,
  type Input,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const vote = api({
  key: 52,
  name: 'Vote',
  versions: [0, 2],
  flexibleSince: 0,
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
            replicaEpoch: int32(),
            replicaId: int32(),
            replicaDirectoryId: uuid({ since: 1, ignorable: true }),
            voterDirectoryId: uuid({ since: 1, ignorable: true }),
            lastOffsetEpoch: int32(),
            lastOffset: int64(),
            preVote: bool({ since: 2 }),
          }),
        ),
      }),
    ),
  },
  response: {
    errorCode: int16(),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            leaderId: int32(),
            leaderEpoch: int32(),
            voteGranted: bool(),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({ nodeId: int32({ since: 1 }), host: string({ since: 1 }), port: uint16({ since: 1 }) }),
      { since: 1, tag: 0 },
    ),
  },
})

export type VoteRequest = Value<typeof vote.request>
export type VoteRequestInput = Input<typeof vote.request>
export type VoteResponse = Value<typeof vote.response>
export type VoteResponseInput = Input<typeof vote.response>
