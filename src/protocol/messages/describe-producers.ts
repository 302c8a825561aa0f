/**
 * DescribeProducers (61): shows active producers of partitions (KIP-664).
 */
import { array, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeProducers = api({
  key: 61,
  name: 'DescribeProducers',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { topics: array(struct({ name: string(), partitionIndexes: array(int32()) })) },
  response: {
    throttleTimeMs: int32(),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: true, default: null }),
            activeProducers: array(
              struct({
                producerId: int64(),
                producerEpoch: int32(),
                lastSequence: int32({ default: -1 }),
                lastTimestamp: int64({ default: -1n }),
                coordinatorEpoch: int32(),
                currentTxnStartOffset: int64({ default: -1n }),
              }),
            ),
          }),
        ),
      }),
    ),
  },
})

export type DescribeProducersRequest = Value<typeof describeProducers.request>
export type DescribeProducersRequestInput = Input<typeof describeProducers.request>
export type DescribeProducersResponse = Value<typeof describeProducers.response>
export type DescribeProducersResponseInput = Input<typeof describeProducers.response>
