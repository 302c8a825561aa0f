import { expect, it } from 'vitest'
import {
  type FollowedLog,
  PartitionFollower,
} from '../../../src/coordination/replication/partition-follower.ts'

const ANSWER = {
  errorCode: 0,
  knowsCommitted: true,
  logStartOffset: 0,
  divergingEpoch: null,
  hasRecords: true,
} as const

/** A log of eight records of one epoch, damaged at the fifth, on a replica that may be elected. */
function damaged(): { -readonly [field in keyof FollowedLog]: FollowedLog[field] } {
  return {
    logStartOffset: 0,
    logEndOffset: 8,
    highWatermark: 8,
    latestLeaderEpoch: 0,
    damage: { offset: 5 },
    isTrusted: true,
    endOffsetForLeaderEpoch: () => ({ leaderEpoch: 0, endOffset: 8 }),
  }
}

it('tells its leader of the damage now and then, not as fast as it is answered, and cuts when nobody may elect it', () => {
  const log = damaged()
  const follower = new PartitionFollower({ log, backOffMsMax: 1_000 })
  const types = (effects: readonly { readonly type: string }[]): string[] => effects.map(({ type }) => type)
  expect(types(follower.receive({ type: 'leader-known', leader: 1, leaderEpoch: 0 }))).toEqual(['ready'])
  expect([follower.phase, follower.fetchOffset]).toEqual(['confessing', 5])
  const answer = { ...ANSWER, highWatermark: 8 }
  const answered = { type: 'answered', leaderEpoch: 0, fetchOffset: 5, answer } as const
  const [backOff] = follower.receive({ ...answered, nowMs: 100 })
  if (backOff?.type !== 'back-off') return expect.unreachable(backOff?.type)
  expect(follower.receive({ type: 'log-damaged' })).toEqual([])
  expect(follower.receive({ type: 'tick', nowMs: backOff.untilMs - 1 })).toEqual([])
  expect(follower.wants).toBe('nothing')
  expect(types(follower.receive({ type: 'tick', nowMs: backOff.untilMs }))).toEqual(['ready'])
  expect(follower.phase).toBe('confessing')
  log.isTrusted = false
  expect(follower.receive({ ...answered, nowMs: 200 })).toContainEqual({ type: 'truncate-to', offset: 5 })
})

it('cuts nothing before its leader has answered, whatever is known here of who may be elected', () => {
  const follower = new PartitionFollower({ log: { ...damaged(), isTrusted: false }, backOffMsMax: 1_000 })
  const begun = follower.receive({ type: 'leader-known', leader: 1, leaderEpoch: 0 })
  expect([begun, follower.phase]).toEqual([[{ type: 'ready' }], 'confessing'])
})

it('cuts though it may be elected, where nothing committed is bad and the leader can tell', () => {
  const answeredWith = (highWatermark: number, knowsCommitted = true): string | undefined => {
    const follower = new PartitionFollower({ log: damaged(), backOffMsMax: 1_000 })
    follower.receive({ type: 'leader-known', leader: 1, leaderEpoch: 0 })
    const answer = { ...ANSWER, highWatermark, knowsCommitted }
    const answered = { type: 'answered', leaderEpoch: 0, fetchOffset: 5, answer, nowMs: 100 } as const
    return follower.receive(answered).at(-1)?.type
  }
  expect(answeredWith(5)).toBe('truncate-to')
  expect(answeredWith(6)).toBe('back-off')
  expect(answeredWith(5, false)).toBe('back-off')
})
