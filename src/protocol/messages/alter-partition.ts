/**
 * AlterPartition (56): changes the in-sync replicas of partitions, from their leader to the controller (KIP-497, KIP-903).
 */
import { array, type Input, int8, int16, int32, int64, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const alterPartition = api({
  key: 56,
  name: 'AlterPartition',
  versions: [2, 3],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1n }),
    topics: array(
      struct({
        topicId: uuid({ ignorable: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            leaderEpoch: int32(),
            newIsr: array(int32(), { until: 2 }),
            newIsrWithEpochs: array(
              struct({ brokerId: int32({ since: 3 }), brokerEpoch: int64({ since: 3, default: -1n }) }),
              { since: 3 },
            ),
            leaderRecoveryState: int8({ default: 0 }),
            partitionEpoch: int32(),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    topics: array(
      struct({
        topicId: uuid({ ignorable: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            leaderId: int32(),
            leaderEpoch: int32(),
            isr: array(int32()),
            leaderRecoveryState: int8({ default: 0, ignorable: true }),
            partitionEpoch: int32(),
          }),
        ),
      }),
    ),
  },
})

export type AlterPartitionRequest = Value<typeof alterPartition.request>
export type AlterPartitionRequestInput = Input<typeof alterPartition.request>
export type AlterPartitionResponse = Value<typeof alterPartition.response>
export type AlterPartitionResponseInput = Input<typeof alterPartition.response>
