/**
 * DescribeLogDirs (35): shows log directories with the sizes of their replicas (KIP-113, KIP-827).
 */
import { array, bool, type Input, int16, int32, int64, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const describeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [1, 5],
  flexibleSince: 2,
  listeners: ['broker'],
  request: { topics: array(struct({ topic: string(), partitions: array(int32()) }), { nullable: true }) },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16({ since: 3, ignorable: true }),
    results: array(
      struct({
        errorCode: int16(),
        logDir: string(),
        topics: array(
          struct({
            name: string(),
            partitions: array(
              struct({
                partitionIndex: int32(),
                partitionSize: int64(),
                offsetLag: int64(),
                isFutureKey: bool(),
              }),
            ),
          }),
        ),
        totalBytes: int64({ since: 4, default: -1n, ignorable: true }),
        usableBytes: int64({ since: 4, default: -1n, ignorable: true }),
        isCordoned: bool({ since: 5, default: false, ignorable: true }),
      }),
    ),
  },
})

export type DescribeLogDirsRequest = Value<typeof describeLogDirs.request>
export type DescribeLogDirsRequestInput = Input<typeof describeLogDirs.request>
export type DescribeLogDirsResponse = Value<typeof describeLogDirs.response>
export type DescribeLogDirsResponseInput = Input<typeof describeLogDirs.response>
