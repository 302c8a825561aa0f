/** What a decision writes, in batches that the log takes: however many offsets go at once. */
import { describe, expect, it } from 'vitest'
import { groupBatches } from '../../../src/broker/groups/group-batches.ts'
import { newGroup } from '../../../src/coordination/groups/classic-group.ts'
import { decideDeleteGroups } from '../../../src/coordination/groups/decide/delete-groups.ts'
import { decideExpireOffsets } from '../../../src/coordination/groups/decide/expire-offsets.ts'
import type { GroupRecord } from '../../../src/coordination/groups/record.ts'
import { emptyGroups, type GroupOffsets, type GroupsState } from '../../../src/coordination/groups/state.ts'
import { offsetTombstone } from '../../../src/coordination/groups/tombstones.ts'
import { OrderedMap } from '../../../src/coordination/ordered-map.ts'
import { batchSizeBytes, isCrcValid, recordCount } from '../../../src/protocol/records/batch.ts'
import { StoryHost } from '../../coordination/groups/story-host.ts'

const OFFSETS = 200_000

/** A group whose offsets no single batch, and no single call's arguments, can hold. */
function crowded(): GroupsState {
  const committed = {
    offset: 1n,
    leaderEpoch: -1,
    metadata: '',
    commitTimestampMs: 0,
    expireTimestampMs: -1,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
    logOffset: 0n,
  }
  const partitions = OrderedMap.of(
    Array.from({ length: OFFSETS }, (_, partition) => [partition, committed] as const),
  )
  const offsets: GroupOffsets = OrderedMap.of([['orders', partitions]])
  return {
    ...emptyGroups,
    groups: OrderedMap.of([['g', newGroup('g')]]),
    offsets: OrderedMap.of([['g', offsets]]),
  }
}

function sizesOf(batches: Buffer): { sizes: number[]; records: number } {
  const sizes: number[] = []
  let records = 0
  for (let at = 0; at < batches.length; at += batchSizeBytes(batches, at)) {
    expect(isCrcValid(batches, at)).toBe(true)
    sizes.push(batchSizeBytes(batches, at))
    records += recordCount(batches, at)
  }
  return { sizes, records }
}

describe('a group with more offsets than one batch holds', () => {
  const { context } = new StoryHost({ decided() {}, replied() {}, rang() {}, lost() {} })

  it('is deleted whole', () => {
    const command = { type: 'delete-groups', token: 1, apiVersion: 2, groupIds: ['g'] } as const
    const { records } = decideDeleteGroups(crowded(), command)
    const { sizes, records: count } = sizesOf(groupBatches(records, 0, 1_048_588))
    expect(count).toBe(OFFSETS + 1)
    expect(sizes.length).toBeGreaterThan(1)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_048_588)
  })

  it('loses them all when they expire together', () => {
    const { records } = decideExpireOffsets(crowded(), { ...context, nowMs: 1e15 })
    const { sizes, records: count } = sizesOf(groupBatches(records, 0, 1_048_588))
    expect(count).toBe(OFFSETS + 1)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_048_588)
  })
})

describe('the batches of a decision', () => {
  const records: GroupRecord[] = Array.from({ length: 40 }, (_, index) =>
    offsetTombstone('g', 'orders', index),
  )

  it('are one where they fit', () => {
    expect(sizesOf(groupBatches(records, 7, 1_048_588)).sizes).toHaveLength(1)
  })

  it('hold a record each where the bound is smaller: the log then says no', () => {
    expect(sizesOf(groupBatches(records, 7, 1)).sizes).toHaveLength(40)
  })

  it.each([100, 200, 500, 1_000])('stay within %i bytes', (bound) => {
    const { sizes, records: count } = sizesOf(groupBatches(records, 7, bound))
    expect(count).toBe(40)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(bound, 100))
  })
})
