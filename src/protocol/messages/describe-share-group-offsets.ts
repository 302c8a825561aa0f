/**
 * DescribeShareGroupOffsets (90): shows the start offsets of a share group (KIP-932).
 */
import { array, type Input, int16, int32, int64, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeShareGroupOffsets = api({
  key: 90,
  name: 'DescribeShareGroupOffsets',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groups: array(
      struct({
        groupId: string(),
        topics: array(struct({ topicName: string(), partitions: array(int32()) }), { nullable: true }),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    groups: array(
      struct({
        groupId: string(),
        topics: array(
          struct({
            topicName: string(),
            topicId: uuid(),
            partitions: array(
              struct({
                partitionIndex: int32(),
                startOffset: int64(),
                leaderEpoch: int32(),
                lag: int64({ since: 1, default: -1n, ignorable: true }),
                errorCode: int16(),
                errorMessage: string({ nullable: true, default: null }),
              }),
            ),
          }),
        ),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
      }),
    ),
  },
})

export type DescribeShareGroupOffsetsRequest = Value<typeof describeShareGroupOffsets.request>
export type DescribeShareGroupOffsetsRequestInput = Input<typeof describeShareGroupOffsets.request>
export type DescribeShareGroupOffsetsResponse = Value<typeof describeShareGroupOffsets.response>
export type DescribeShareGroupOffsetsResponseInput = Input<typeof describeShareGroupOffsets.response>
