import { describe, expect, it } from 'vitest'
import type { Log } from '../../src/storage/log.ts'
import { planRetention, type RetainedSegment, type RetentionFacts } from '../../src/storage/retention.ts'
import { sizedBatch } from './support/batches.ts'
import { ManagedWorld } from './support/managed-world.ts'
import { TestWorld } from './support/world.ts'

const OPTIONS = { origin: 'client', leaderEpoch: 0, nowMs: 0 } as const
const EPOCH_FILE = 'leader-epoch-checkpoint'

function segments(...sizes: number[]): RetainedSegment[] {
  return sizes.map((sizeBytes, index) => ({
    baseOffset: index * 10,
    nextOffset: (index + 1) * 10,
    sizeBytes,
    maxTimestampMs: index * 1_000,
    modifiedMs: 0,
  }))
}

function plan(facts: Partial<RetentionFacts>) {
  return planRetention({
    nowMs: 10_000,
    logStartOffset: 0,
    highWatermark: 1_000,
    segments: segments(100, 100, 100, 100),
    config: { deletes: true, retentionMs: -1, retentionBytes: -1 },
    ...facts,
  })
}

describe('retention', () => {
  it('by age: the oldest segments whose newest record is too old', () => {
    const config = { deletes: true, retentionMs: 8_500, retentionBytes: -1 }
    expect(plan({ config })).toEqual({ deleteCount: 2, rollsFirst: false, logStartOffset: 20 })
    expect(plan({ config: { ...config, retentionMs: 10_000 } }).deleteCount).toBe(0)
    expect(plan({ config, highWatermark: 19 }).deleteCount).toBe(1)
    expect(plan({ config: { ...config, deletes: false } }).deleteCount).toBe(0)
  })

  it('by age: all of them, after a new segment was begun', () => {
    const config = { deletes: true, retentionMs: 0, retentionBytes: -1 }
    expect(plan({ config })).toEqual({ deleteCount: 4, rollsFirst: true, logStartOffset: 40 })
    expect(plan({ config, segments: segments(100, 100, 0) })).toEqual({
      deleteCount: 2,
      rollsFirst: false,
      logStartOffset: 20,
    })
  })

  it('by age: the file’s own time counts where records have none', () => {
    const config = { deletes: true, retentionMs: 5_000, retentionBytes: -1 }
    const timeless = segments(100, 100).map((segment) => ({
      ...segment,
      maxTimestampMs: -1,
      modifiedMs: 4_000,
    }))
    expect(plan({ config, segments: timeless }).deleteCount).toBe(2)
    expect(plan({ config: { ...config, retentionMs: 6_000 }, segments: timeless }).deleteCount).toBe(0)
  })

  it('by size: as many as can go without falling below the bound', () => {
    const config = { deletes: true, retentionMs: -1, retentionBytes: 250 }
    expect(plan({ config }).deleteCount).toBe(1)
    expect(plan({ config: { ...config, retentionBytes: 200 } }).deleteCount).toBe(2)
    expect(plan({ config: { ...config, retentionBytes: 400 } }).deleteCount).toBe(0)
    expect(plan({ config: { ...config, retentionBytes: 0 } }).deleteCount).toBe(4)
  })

  it('behind the log start: whatever the policy, but never the active segment', () => {
    const config = { deletes: false, retentionMs: 0, retentionBytes: 0 }
    expect(plan({ config, logStartOffset: 25 })).toEqual({
      deleteCount: 2,
      rollsFirst: false,
      logStartOffset: 25,
    })
    expect(plan({ config, logStartOffset: 40 })).toEqual({
      deleteCount: 3,
      rollsFirst: false,
      logStartOffset: 40,
    })
  })

  it('deletes, moves the start, and never uses an offset twice, over a power cut', async () => {
    const world = new ManagedWorld({ segmentBytes: 1_000, retentionMs: 60_000, fileDeleteDelayMs: 1_000 })
    await world.start()
    const log = world.create()
    const starts: number[] = []
    log.setListener({
      written() {},
      durable() {},
      failed() {},
      offline() {},
      logStartOffsetMoved: (start) => starts.push(start),
    })
    for (let i = 0; i < 9; i++) {
      log.append(sizedBatch(400, { baseTimestamp: world.clock.nowMs }), {
        origin: 'client',
        leaderEpoch: 3,
        nowMs: 0,
      })
    }
    log.whenDurable(() => {})
    world.settle()
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBe(0)
    world.clock.advance(61_000)
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBe(0)
    log.setHighWatermark(9)
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBeGreaterThan(3_000)
    expect([log.logStartOffset, log.logEndOffset, log.segmentCount, log.sizeBytes]).toEqual([9, 9, 1, 0])
    expect(starts).toEqual([9])
    expect(log.endOffsetForLeaderEpoch(3)).toEqual({ leaderEpoch: 3, endOffset: 9 })
    expect(world.disk.list('/data/t-0').some(({ name }) => name.endsWith('.deleted'))).toBe(true)
    world.clock.advance(2_000)
    expect(world.disk.list('/data/t-0').filter(({ name }) => name.endsWith('.log')).length).toBe(1)
    world.kill(() => 0)
    await world.start()
    expect([world.log().logStartOffset, world.log().logEndOffset]).toEqual([9, 9])
  })

  it('DeleteRecords: moves the start at once, segments follow, and a restart remembers', async () => {
    const world = new ManagedWorld({ segmentBytes: 1_000, retentionMs: -1 })
    await world.start()
    const log = world.create()
    for (let i = 0; i < 9; i++) log.append(sizedBatch(400), OPTIONS)
    log.whenDurable(() => {})
    world.settle()
    log.setHighWatermark(8)
    expect(log.deleteRecordsBefore(9)).toBe(false)
    expect(log.deleteRecordsBefore(5)).toBe(true)
    expect(log.logStartOffset).toBe(5)
    expect(world.read(log, 5).length).toBe(4 * 398)
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBe(4 * 398)
    await world.checkpoint()
    world.kill(() => 0)
    await world.start()
    expect([world.log().logStartOffset, world.log().logEndOffset]).toEqual([5, 9])
  })

  it('moves the start also when a file has no room for its new name', async () => {
    const world = new ManagedWorld({ segmentBytes: 1_000, retentionBytes: 1_000, retentionMs: -1 })
    await world.start()
    const log = world.create()
    for (let i = 0; i < 9; i++) log.append(sizedBatch(400), OPTIONS)
    log.whenDurable(() => {})
    world.settle()
    log.setHighWatermark(9)
    world.disk.fault = (operation) => (operation === 'rename' ? 'ENOSPC' : null)
    log.upkeep.applyRetention(world.clock.nowMs)
    world.disk.fault = () => null
    expect(log.isOffline).toBe(false)
    expect(log.logStartOffset).toBe(log.state.segments.first.baseOffset)
    expect(log.logStartOffset).toBeGreaterThan(0)
  })

  it('believes no rotten time index that a segment is old', async () => {
    const world = new ManagedWorld({ segmentBytes: 1_000, retentionMs: 60_000 })
    await world.start()
    const log = world.create()
    const baseTimestamp = world.clock.nowMs
    for (let i = 0; i < 9; i++) log.append(sizedBatch(400, { baseTimestamp }), OPTIONS)
    log.whenDurable(() => {})
    world.settle()
    await world.stop()
    await world.start()
    // The first says 1970, the second that there is nothing.
    world.disk.corrupt('/data/t-0/00000000000000000000.timeindex', 0, Buffer.alloc(12))
    world.disk.open('/data/t-0/00000000000000000002.timeindex', 'read-write').truncateSync(0)
    world.log().setHighWatermark(9)
    expect(world.log().upkeep.applyRetention(world.clock.nowMs)).toBe(0)
    world.clock.advance(61_000)
    expect(world.log().upkeep.applyRetention(world.clock.nowMs)).toBeGreaterThan(3_000)
  })
})

it('leaves no index of a segment that it takes, though there was no room to complete it', async () => {
  const world = new ManagedWorld({ retentionMs: 1_000, segmentBytes: 1_000, indexIntervalBytes: 100 })
  await world.start()
  const log = world.create()
  const append = (): void => {
    log.append(sizedBatch(300, { baseTimestamp: world.clock.nowMs }), OPTIONS)
    log.requestDurable()
    world.settle()
  }
  for (let i = 0; i < 3; i++) append()
  log.setHighWatermark(3)
  world.disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : null)
  append()
  expect(log.logEndOffset).toBe(3)
  world.clock.advance(2_000)
  expect(log.upkeep.applyRetention(world.clock.nowMs)).toBeGreaterThan(800)
  world.disk.fault = () => null
  append()
  await world.checkpoint()
  const names = world.disk.list('/data/t-0').map(({ name }) => name)
  expect(names.filter((name) => /^0.*(index|log)$/.test(name))).toEqual(['00000000000000000003.log'])
})

/** Of the epochs 3 and 7 the file knows the first only; all batches are durable, and may go. */
function logThatKnowsMore(): { readonly world: TestWorld; readonly log: Log } {
  const world = new TestWorld()
  const log = world.create({ segmentBytes: 1_000, retentionMs: -1, retentionBytes: 0 })
  const append = (leaderEpoch: number): void => {
    for (let i = 0; i < 4; i++) world.append(log, sizedBatch(400), { leaderEpoch })
    log.requestDurable()
    world.settle()
    log.setHighWatermark(log.logEndOffset)
  }
  append(3)
  log.checkpointing.advance(() => {})
  world.settle()
  append(7)
  expect(world.content(EPOCH_FILE).toString()).toBe('0\n1\n3 0\n')
  return { world, log }
}

describe('the epochs of batches that retention takes', () => {
  const open = (world: TestWorld): Log => world.open({ recoveryPoint: 4, highWatermark: 8 })

  it('are on the disk before them: an empty log tells its leader what it had, and is not cut for it', () => {
    const { world, log } = logThatKnowsMore()
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBeGreaterThan(3_000)
    expect([log.logStartOffset, log.logEndOffset]).toEqual([8, 8])
    world.die()
    const next = open(world)
    expect([next.logStartOffset, next.logEndOffset, next.latestLeaderEpoch]).toEqual([8, 8, 7])
  })

  it('are there also when the power takes whatever follows them', () => {
    const { world, log } = logThatKnowsMore()
    log.roll(world.clock.nowMs)
    world.append(log, sizedBatch(400), { leaderEpoch: 7 })
    world.clock.turn()
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBeGreaterThan(3_000)
    world.disk.syncDirectorySync('/data/t-0')
    world.die(() => 0)
    const next = open(world)
    expect([next.logStartOffset, next.logEndOffset, next.latestLeaderEpoch]).toEqual([8, 8, 7])
  })

  it('are told by no file where there is no room for them, and the batches go', () => {
    const { world, log } = logThatKnowsMore()
    world.disk.fault = (operation, path) =>
      operation === 'write' && path.includes(EPOCH_FILE) ? 'ENOSPC' : null
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBeGreaterThan(3_000)
    world.disk.fault = () => null
    world.die()
    const next = open(world)
    expect([next.logStartOffset, next.logEndOffset, next.latestLeaderEpoch]).toEqual([8, 8, -1])
  })

  it('are waited for while their file is being replaced', () => {
    const { world, log } = logThatKnowsMore()
    log.checkpointing.advance(() => {})
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBe(0)
    world.settle()
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBeGreaterThan(3_000)
    world.die()
    expect(open(world).latestLeaderEpoch).toBe(7)
  })

  it('are written once: what goes later of the same epoch costs no write', () => {
    const { world, log } = logThatKnowsMore()
    log.upkeep.applyRetention(world.clock.nowMs)
    world.append(log, sizedBatch(400), { leaderEpoch: 7 })
    log.requestDurable()
    world.settle()
    log.setHighWatermark(9)
    world.disk.fault = (_operation, path) => {
      expect(path).not.toContain(EPOCH_FILE)
      return null
    }
    expect(log.upkeep.applyRetention(world.clock.nowMs)).toBe(398)
  })
})
