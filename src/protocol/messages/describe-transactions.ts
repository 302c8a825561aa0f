/**
 * DescribeTransactions (65): shows transactions by their ids (KIP-664).
 */
import { array, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeTransactions = api({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { transactionalIds: array(string()) },
  response: {
    throttleTimeMs: int32(),
    transactionStates: array(
      struct({
        errorCode: int16(),
        transactionalId: string(),
        transactionState: string(),
        transactionTimeoutMs: int32(),
        transactionStartTimeMs: int64(),
        producerId: int64(),
        producerEpoch: int16(),
        topics: array(struct({ topic: string(), partitions: array(int32()) })),
      }),
    ),
  },
})

export type DescribeTransactionsRequest = Value<typeof describeTransactions.request>
export type DescribeTransactionsRequestInput = Input<typeof describeTransactions.request>
export type DescribeTransactionsResponse = Value<typeof describeTransactions.response>
export type DescribeTransactionsResponseInput = Input<typeof describeTransactions.response>
