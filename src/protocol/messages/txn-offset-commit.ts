/**
 * TxnOffsetCommit (28): commits offsets as part of a transaction (KIP-98, KIP-447).
 */
import { array, type Input, int16, int32, int64, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const txnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 6],
  flexibleSince: 3,
  listeners: ['broker'],
  request: {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationIdOrMemberEpoch: int32({ since: 3, default: -1 }),
    memberId: string({ since: 3, default: '' }),
    groupInstanceId: string({ since: 3, nullable: true, default: null }),
    topics: array(
      struct({
        name: string({ until: 5, ignorable: true }),
        topicId: uuid({ since: 6, ignorable: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            committedOffset: int64(),
            committedLeaderEpoch: int32({ since: 2, default: -1, ignorable: true }),
            committedMetadata: string({ nullable: true }),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    topics: array(
      struct({
        name: string({ until: 5, ignorable: true }),
        topicId: uuid({ since: 6, ignorable: true }),
        partitions: array(struct({ partitionIndex: int32(), errorCode: int16() })),
      }),
    ),
  },
})

export type TxnOffsetCommitRequest = Value<typeof txnOffsetCommit.request>
export type TxnOffsetCommitRequestInput = Input<typeof txnOffsetCommit.request>
export type TxnOffsetCommitResponse = Value<typeof txnOffsetCommit.response>
export type TxnOffsetCommitResponseInput = Input<typeof txnOffsetCommit.response>
