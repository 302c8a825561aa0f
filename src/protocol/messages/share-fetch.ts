/**
 * ShareFetch (78): acquires records for a share group, and acknowledges earlier ones (KIP-932).
 */
import {
  array,
  bool,
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

export const shareFetch = api({
  key: 78,
  name: 'ShareFetch',
  versions: [1, 2],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string({ nullable: true, default: null }),
    memberId: string({ nullable: true }),
    shareSessionEpoch: int32(),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ default: 2147483647 }),
    maxRecords: int32(),
    batchSize: int32(),
    shareAcquireMode: int8({ since: 2, default: 0, ignorable: true }),
    isRenewAck: bool({ since: 2, default: false }),
    topics: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            partitionMaxBytes: int32({ until: 0 }),
            acknowledgementBatches: array(
              struct({ firstOffset: int64(), lastOffset: int64(), acknowledgeTypes: array(int8()) }),
            ),
          }),
        ),
      }),
    ),
    forgottenTopicsData: array(struct({ topicId: uuid(), partitions: array(int32()) })),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    acquisitionLockTimeoutMs: int32(),
    responses: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: true, default: null }),
            acknowledgeErrorCode: int16(),
            acknowledgeErrorMessage: string({ nullable: true, default: null }),
            currentLeader: struct({ leaderId: int32(), leaderEpoch: int32() }),
            records: records({ nullableUntil: 0 }),
            acquiredRecords: array(
              struct({ firstOffset: int64(), lastOffset: int64(), deliveryCount: int16() }),
            ),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({
        nodeId: int32(),
        host: string(),
        port: int32(),
        rack: string({ nullable: true, default: null }),
      }),
    ),
  },
})

export type ShareFetchRequest = Value<typeof shareFetch.request>
export type ShareFetchRequestInput = Input<typeof shareFetch.request>
export type ShareFetchResponse = Value<typeof shareFetch.response>
export type ShareFetchResponseInput = Input<typeof shareFetch.response>
