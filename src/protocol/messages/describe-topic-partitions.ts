/**
 * DescribeTopicPartitions (75): shows topics page by page, with eligible leader replicas (KIP-966).
 */
import { array, bool, type Input, int16, int32, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeTopicPartitions = api({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    topics: array(struct({ name: string() })),
    responsePartitionLimit: int32({ default: 2000 }),
    cursor: struct({ topicName: string(), partitionIndex: int32() }, { nullable: true, default: null }),
  },
  response: {
    throttleTimeMs: int32({ ignorable: true }),
    topics: array(
      struct({
        errorCode: int16(),
        name: string({ nullable: true }),
        topicId: uuid({ ignorable: true }),
        isInternal: bool({ default: false, ignorable: true }),
        partitions: array(
          struct({
            errorCode: int16(),
            partitionIndex: int32(),
            leaderId: int32(),
            leaderEpoch: int32({ default: -1, ignorable: true }),
            replicaNodes: array(int32()),
            isrNodes: array(int32()),
            eligibleLeaderReplicas: array(int32(), { nullable: true, default: null }),
            lastKnownElr: array(int32(), { nullable: true, default: null }),
            offlineReplicas: array(int32(), { ignorable: true }),
          }),
        ),
        topicAuthorizedOperations: int32({ default: -2147483648 }),
      }),
    ),
    nextCursor: struct({ topicName: string(), partitionIndex: int32() }, { nullable: true, default: null }),
  },
})

export type DescribeTopicPartitionsRequest = Value<typeof describeTopicPartitions.request>
export type DescribeTopicPartitionsRequestInput = Input<typeof describeTopicPartitions.request>
export type DescribeTopicPartitionsResponse = Value<typeof describeTopicPartitions.response>
export type DescribeTopicPartitionsResponseInput = Input<typeof describeTopicPartitions.response>
