/**
 * AddPartitionsToTxn (24): adds partitions to a transaction; batched and used between brokers since 4 (KIP-890).
 */
import { array, bool, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

const addPartitionsToTxnTopic = struct({ name: string(), partitions: array(int32()) })

const addPartitionsToTxnPartitionResult = struct({ partitionIndex: int32(), partitionErrorCode: int16() })

const addPartitionsToTxnTopicResult = struct({
  name: string(),
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
})

export const addPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 5],
  flexibleSince: 3,
  listeners: ['broker'],
  request: {
    transactions: array(
      struct({
        transactionalId: string({ since: 4 }),
        producerId: int64({ since: 4 }),
        producerEpoch: int16({ since: 4 }),
        verifyOnly: bool({ since: 4, default: false }),
        topics: array(addPartitionsToTxnTopic, { since: 4 }),
      }),
      { since: 4 },
    ),
    v3AndBelowTransactionalId: string({ until: 3 }),
    v3AndBelowProducerId: int64({ until: 3 }),
    v3AndBelowProducerEpoch: int16({ until: 3 }),
    v3AndBelowTopics: array(addPartitionsToTxnTopic, { until: 3 }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16({ since: 4, ignorable: true }),
    resultsByTransaction: array(
      struct({
        transactionalId: string({ since: 4 }),
        topicResults: array(addPartitionsToTxnTopicResult, { since: 4 }),
      }),
      { since: 4 },
    ),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult, { until: 3 }),
  },
})

export type AddPartitionsToTxnRequest = Value<typeof addPartitionsToTxn.request>
export type AddPartitionsToTxnRequestInput = Input<typeof addPartitionsToTxn.request>
export type AddPartitionsToTxnResponse = Value<typeof addPartitionsToTxn.response>
export type AddPartitionsToTxnResponseInput = Input<typeof addPartitionsToTxn.response>
