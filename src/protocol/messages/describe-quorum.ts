/**
 * DescribeQuorum (55): shows the state of the metadata quorum (KIP-595, KIP-836).
 */
import {
  array,
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

const replicaState = struct({
  replicaId: int32(),
  replicaDirectoryId: uuid({ since: 2 }),
  logEndOffset: int64(),
  lastFetchTimestamp: int64({ since: 1, default: -1n, ignorable: true }),
  lastCaughtUpTimestamp: int64({ since: 1, default: -1n, ignorable: true }),
})

export const describeQuorum = api({
  key: 55,
  name: 'DescribeQuorum',
  versions: [0, 2],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: {
    topics: array(struct({ topicName: string(), partitions: array(struct({ partitionIndex: int32() })) })),
  },
  response: {
    errorCode: int16(),
    errorMessage: string({ since: 2, nullable: true, ignorable: true }),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ since: 2, nullable: true, ignorable: true }),
            leaderId: int32(),
            leaderEpoch: int32(),
            highWatermark: int64(),
            currentVoters: array(replicaState),
            observers: array(replicaState),
          }),
        ),
      }),
    ),
    nodes: array(
      struct({
        nodeId: int32({ since: 2 }),
        listeners: array(
          struct({ name: string({ since: 2 }), host: string({ since: 2 }), port: uint16({ since: 2 }) }),
          { since: 2 },
        ),
      }),
      { since: 2 },
    ),
  },
})

export type DescribeQuorumRequest = Value<typeof describeQuorum.request>
export type DescribeQuorumRequestInput = Input<typeof describeQuorum.request>
export type DescribeQuorumResponse = Value<typeof describeQuorum.response>
export type DescribeQuorumResponseInput = Input<typeof describeQuorum.response>
