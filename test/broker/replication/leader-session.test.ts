import { expect, it } from 'vitest'
import type {
  FollowedPartition,
  FollowerPosition,
} from '../../../src/broker/replication/followed-partition.ts'
import { LeaderSession } from '../../../src/broker/replication/leader-session.ts'

/** What a session asks of a followed partition. */
function followed(topicId: string, index: number, fetchOffset: number): FollowedPartition {
  const position: FollowerPosition = {
    leaderEpoch: 1,
    fetchOffset,
    lastFetchedEpoch: 0,
    logStartOffset: 0,
    persistedOffset: fetchOffset,
  }
  const asked: Pick<FollowedPartition, 'position'> & { partition: { topicId: string; index: number } } = {
    partition: { topicId, index },
    position,
  }
  return asked as FollowedPartition
}

it('does not have a replica forgotten that went and came back before the next request', () => {
  const session = new LeaderSession()
  const before = followed('t', 0, 100)
  const other = followed('t', 1, 7)
  session.request(new Set([before, other]), [], 1_000)
  session.answered(5)
  const again = followed('t', 0, 0)
  const request = session.request(new Set([again]), [again], 1_000)
  expect(request.topics[0]?.partitions).toMatchObject([{ partition: 0, fetchOffset: 0n }])
  expect(request.forgottenTopicsData).toEqual([{ topicId: 't', partitions: [1] }])
})
