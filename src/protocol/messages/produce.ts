/**
 * Produce (0): appends record batches to partitions. Topic ids since 13 (KIP-516), errors of single records since 8 (KIP-467).
 */
import {
  array,
  type Input,
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

export const produce = api({
  key: 0,
  name: 'Produce',
  versions: [3, 13],
  flexibleSince: 9,
  listeners: ['broker'],
  request: {
    transactionalId: string({ nullable: true, default: null }),
    acks: int16(),
    timeoutMs: int32(),
    topicData: array(
      struct({
        name: string({ until: 12, ignorable: true }),
        topicId: uuid({ since: 13, ignorable: true }),
        partitionData: array(struct({ index: int32(), records: records({ nullable: true }) })),
      }),
    ),
  },
  response: {
    responses: array(
      struct({
        name: string({ until: 12, ignorable: true }),
        topicId: uuid({ since: 13, ignorable: true }),
        partitionResponses: array(
          struct({
            index: int32(),
            errorCode: int16(),
            baseOffset: int64(),
            logAppendTimeMs: int64({ default: -1n, ignorable: true }),
            logStartOffset: int64({ since: 5, default: -1n, ignorable: true }),
            recordErrors: array(
              struct({
                batchIndex: int32({ since: 8 }),
                batchIndexErrorMessage: string({ since: 8, nullable: true, default: null }),
              }),
              { since: 8, ignorable: true },
            ),
            errorMessage: string({ since: 8, nullable: true, default: null, ignorable: true }),
            currentLeader: struct(
              { leaderId: int32({ since: 10, default: -1 }), leaderEpoch: int32({ since: 10, default: -1 }) },
              { since: 10, tag: 0 },
            ),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    nodeEndpoints: array(
      struct({
        nodeId: int32({ since: 10 }),
        host: string({ since: 10 }),
        port: int32({ since: 10 }),
        rack: string({ since: 10, nullable: true, default: null }),
      }),
      { since: 10, tag: 0 },
    ),
  },
})

export type ProduceRequest = Value<typeof produce.request>
export type ProduceRequestInput = Input<typeof produce.request>
export type ProduceResponse = Value<typeof produce.response>
export type ProduceResponseInput = Input<typeof produce.response>
