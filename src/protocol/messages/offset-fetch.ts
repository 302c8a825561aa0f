/**
 * OffsetFetch (9): reads a group's positions; several groups at once since 8 (KIP-709).
 */
import {
  array,
  bool,
  type Input,
  int16,
  int32,
  int64,
  string,
  struct,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const offsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 10],
  flexibleSince: 6,
  listeners: ['broker'],
  request: {
    groupId: string({ until: 7 }),
    topics: array(struct({ name: string({ until: 7 }), partitionIndexes: array(int32(), { until: 7 }) }), {
      until: 7,
      nullableSince: 2,
    }),
    groups: array(
      struct({
        groupId: string({ since: 8 }),
        memberId: string({ since: 9, nullable: true, default: null, ignorable: true }),
        memberEpoch: int32({ since: 9, default: -1, ignorable: true }),
        topics: array(
          struct({
            name: string({ since: 8, until: 9, ignorable: true }),
            topicId: uuid({ since: 10, ignorable: true }),
            partitionIndexes: array(int32(), { since: 8 }),
          }),
          { since: 8, nullable: true },
        ),
      }),
      { since: 8 },
    ),
    requireStable: bool({ since: 7, default: false }),
  },
  response: {
    throttleTimeMs: int32({ since: 3, ignorable: true }),
    topics: array(
      struct({
        name: string({ until: 7 }),
        partitions: array(
          struct({
            partitionIndex: int32({ until: 7 }),
            committedOffset: int64({ until: 7 }),
            committedLeaderEpoch: int32({ since: 5, until: 7, default: -1, ignorable: true }),
            metadata: string({ until: 7, nullable: true }),
            errorCode: int16({ until: 7 }),
          }),
          { until: 7 },
        ),
      }),
      { until: 7 },
    ),
    errorCode: int16({ since: 2, until: 7, default: 0, ignorable: true }),
    groups: array(
      struct({
        groupId: string({ since: 8 }),
        topics: array(
          struct({
            name: string({ since: 8, until: 9, ignorable: true }),
            topicId: uuid({ since: 10, ignorable: true }),
            partitions: array(
              struct({
                partitionIndex: int32({ since: 8 }),
                committedOffset: int64({ since: 8 }),
                committedLeaderEpoch: int32({ since: 8, default: -1, ignorable: true }),
                metadata: string({ since: 8, nullable: true }),
                errorCode: int16({ since: 8 }),
              }),
              { since: 8 },
            ),
          }),
          { since: 8 },
        ),
        errorCode: int16({ since: 8, default: 0 }),
      }),
      { since: 8 },
    ),
  },
})

export type OffsetFetchRequest = Value<typeof offsetFetch.request>
export type OffsetFetchRequestInput = Input<typeof offsetFetch.request>
export type OffsetFetchResponse = Value<typeof offsetFetch.response>
export type OffsetFetchResponseInput = Input<typeof offsetFetch.response>
