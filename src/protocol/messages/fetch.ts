/**
 * Fetch (1): reads record batches, for consumers and followers alike. Sessions since 7 (KIP-227), topic ids since 13.
 */
import {
  array,
  type Input,
  int8,
  int16,
  int32,
  int64,
  records,
  string,
  struct,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [4, 18],
  flexibleSince: 12,
  listeners: ['broker', 'controller'],
  request: {
    clusterId: string({ since: 12, nullable: true, tag: 0, default: null, ignorable: true }),
    replicaId: int32({ until: 14, default: -1 }),
    replicaState: struct(
      { replicaId: int32({ since: 15, default: -1 }), replicaEpoch: int64({ since: 15, default: -1n }) },
      { since: 15, tag: 1 },
    ),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ default: 2147483647, ignorable: true }),
    isolationLevel: int8({ default: 0, ignorable: true }),
    sessionId: int32({ since: 7, default: 0, ignorable: true }),
    sessionEpoch: int32({ since: 7, default: -1, ignorable: true }),
    topics: array(
      struct({
        topic: string({ until: 12, ignorable: true }),
        topicId: uuid({ since: 13, ignorable: true }),
        partitions: array(
          struct({
            partition: int32(),
            currentLeaderEpoch: int32({ since: 9, default: -1, ignorable: true }),
            fetchOffset: int64(),
            lastFetchedEpoch: int32({ since: 12, default: -1 }),
            logStartOffset: int64({ since: 5, default: -1n, ignorable: true }),
            partitionMaxBytes: int32(),
            replicaDirectoryId: uuid({ since: 17, tag: 0, ignorable: true }),
            highWatermark: int64({ since: 18, tag: 1, default: 9223372036854775807n, ignorable: true }),
          }),
        ),
      }),
    ),
    forgottenTopicsData: array(
      struct({
        topic: string({ since: 7, until: 12, ignorable: true }),
        topicId: uuid({ since: 13, ignorable: true }),
        partitions: array(int32(), { since: 7 }),
      }),
      { since: 7 },
    ),
    rackId: string({ since: 11, default: '', ignorable: true }),
  },
  response: {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16({ since: 7, ignorable: true }),
    sessionId: int32({ since: 7, default: 0 }),
    responses: array(
      struct({
        topic: string({ until: 12, ignorable: true }),
        topicId: uuid({ since: 13, ignorable: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            highWatermark: int64(),
            lastStableOffset: int64({ default: -1n, ignorable: true }),
            logStartOffset: int64({ since: 5, default: -1n, ignorable: true }),
            divergingEpoch: struct(
              { epoch: int32({ since: 12, default: -1 }), endOffset: int64({ since: 12, default: -1n }) },
              { since: 12, tag: 0 },
            ),
            currentLeader: struct(
              { leaderId: int32({ since: 12, default: -1 }), leaderEpoch: int32({ since: 12, default: -1 }) },
              { since: 12, tag: 1 },
            ),
            snapshotId: struct(
              { endOffset: int64({ default: -1n }), epoch: int32({ default: -1 }) },
              { since: 12, tag: 2 },
            ),
            abortedTransactions: array(struct({ producerId: int64(), firstOffset: int64() }), {
              nullable: true,
              ignorable: true,
            }),
            preferredReadReplica: int32({ since: 11, default: -1 }),
            records: records({ nullable: true }),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({
        nodeId: int32({ since: 16 }),
        host: string({ since: 16 }),
        port: int32({ since: 16 }),
        rack: string({ since: 16, nullable: true, default: null }),
      }),
      { since: 16, tag: 0 },
    ),
  },
})

export type FetchRequest = Value<typeof fetch.request>
export type FetchRequestInput = Input<typeof fetch.request>
export type FetchResponse = Value<typeof fetch.response>
export type FetchResponseInput = Input<typeof fetch.response>
