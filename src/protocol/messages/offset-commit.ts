/**
 * OffsetCommit (8): keeps a group's position. Topic ids since 10 (KIP-848).
 */
import { array, type Input, int16, int32, int64, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const offsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [2, 10],
  flexibleSince: 8,
  listeners: ['broker'],
  request: {
    groupId: string(),
    generationIdOrMemberEpoch: int32({ default: -1, ignorable: true }),
    memberId: string({ ignorable: true }),
    groupInstanceId: string({ since: 7, nullable: true, default: null }),
    retentionTimeMs: int64({ until: 4, default: -1n, ignorable: true }),
    topics: array(
      struct({
        name: string({ until: 9, ignorable: true }),
        topicId: uuid({ since: 10, ignorable: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            committedOffset: int64(),
            committedLeaderEpoch: int32({ since: 6, default: -1, ignorable: true }),
            committedMetadata: string({ nullable: true }),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32({ since: 3, ignorable: true }),
    topics: array(
      struct({
        name: string({ until: 9, ignorable: true }),
        topicId: uuid({ since: 10, ignorable: true }),
        partitions: array(struct({ partitionIndex: int32(), errorCode: int16() })),
      }),
    ),
  },
})

export type OffsetCommitRequest = Value<typeof offsetCommit.request>
export type OffsetCommitRequestInput = Input<typeof offsetCommit.request>
export type OffsetCommitResponse = Value<typeof offsetCommit.response>
export type OffsetCommitResponseInput = Input<typeof offsetCommit.response>
