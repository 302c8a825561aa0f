import { describe, expect, it } from 'vitest'
import { sizedBatch, testBatch } from './support/batches.ts'
import { TestWorld } from './support/world.ts'

describe('a partition log', () => {
  it('assigns offsets at once, writes at the end of the turn, and is durable when asked', () => {
    const world = new TestWorld()
    const log = world.create()
    const events: string[] = []
    log.setListener({
      written: (end) => events.push(`written ${end}`),
      durable: (end) => events.push(`durable ${end}`),
      failed: (from, code) => events.push(`failed ${from} ${code}`),
      logStartOffsetMoved: (start) => events.push(`start ${start}`),
      offline: (reason) => events.push(`offline ${reason}`),
    })
    const three = [{ value: 'a' }, { value: 'b' }, { value: 'c' }]
    expect(world.append(log, testBatch({ records: three }))).toMatchObject({
      ok: true,
      baseOffset: 0,
      lastOffset: 2,
    })
    expect(world.append(log, testBatch())).toMatchObject({
      ok: true,
      baseOffset: 3,
      lastOffset: 3,
      logAppendTimeMs: -1,
    })
    log.requestDurable()
    expect([log.logEndOffset, log.writtenOffset, log.durableOffset]).toEqual([4, 0, 0])
    world.clock.turn()
    expect([log.logEndOffset, log.writtenOffset, log.durableOffset]).toEqual([4, 4, 0])
    world.settle()
    expect(log.durableOffset).toBe(4)
    expect(events).toEqual(['written 4', 'durable 4'])
    expect(world.disk.counts.get('write')).toBe(1)
    expect(world.offsets(log, 0)).toEqual([0, 3])
    expect(world.offsets(log, 2)).toEqual([0, 3])
    expect(world.offsets(log, 3)).toEqual([3])
    expect(world.offsets(log, 4)).toEqual([])
    expect(world.read(log, 5)).toMatchObject({ ok: false, errorCode: 1 })
    expect(world.environment.buffers.lentCount).toBe(0)
  })

  it('reads whole batches up to the bound and the size, the first always whole', () => {
    const world = new TestWorld()
    const log = world.create({ segmentBytes: 10_000 })
    for (let i = 0; i < 20; i++) world.append(log, sizedBatch(1_000))
    world.settle()
    expect(log.segmentCount).toBe(2)
    expect(world.offsets(log, 0, { sizeBytesMax: 2_500 })).toEqual([0, 1])
    expect(world.offsets(log, 0, { sizeBytesMax: 10 })).toEqual([0])
    expect(world.offsets(log, 0, { sizeBytesMax: 10, atLeastOneBatch: false })).toEqual([])
    expect(world.offsets(log, 7, { upperBoundOffset: 9 })).toEqual([7, 8])
    expect(world.offsets(log, 10)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    expect(world.offsets(log, 9)).toEqual([9])
  })

  it('reads a batch larger than a chunk', () => {
    const world = new TestWorld()
    const log = world.create({ maxMessageBytes: 10_000_000 })
    world.append(log, sizedBatch(3_000_000))
    world.append(log, sizedBatch(100))
    world.settle()
    expect(world.offsets(log, 0, { sizeBytesMax: 1_000 })).toEqual([0])
    expect(world.offsets(log, 0, { sizeBytesMax: 5_000_000 })).toEqual([0, 1])
    expect(world.environment.buffers.lentCount).toBe(0)
  })

  it('is the same after a clean stop, after a kill, and after a power cut', () => {
    const world = new TestWorld()
    let log = world.create({ segmentBytes: 5_000 })
    for (let i = 0; i < 20; i++) world.append(log, sizedBatch(1_000))
    log.requestDurable()
    world.settle()
    const all = world.offsets(log, 15)
    log.close(() => {})
    world.settle()
    world.die()
    log = world.open({ wasClean: true, recoveryPoint: 20 }, { segmentBytes: 5_000 })
    expect([log.logStartOffset, log.logEndOffset, log.durableOffset]).toEqual([0, 20, 20])
    expect(world.offsets(log, 15)).toEqual(all)
    world.append(log, sizedBatch(1_000))
    world.settle()
    world.die()
    log = world.open({ recoveryPoint: 20 }, { segmentBytes: 5_000 })
    expect([log.logEndOffset, log.durableOffset]).toEqual([21, 20])
    world.die(() => 0)
    log = world.open({ recoveryPoint: 20 }, { segmentBytes: 5_000 })
    expect([log.logEndOffset, log.damage]).toEqual([20, null])
    expect(world.failures).toEqual([])
  })

  it('cuts at an offset and goes on from there', () => {
    const world = new TestWorld()
    const log = world.create({ segmentBytes: 5_000 })
    for (let i = 0; i < 20; i++) world.append(log, sizedBatch(1_000), { leaderEpoch: i < 8 ? 1 : 2 })
    log.requestDurable()
    world.settle()
    expect(log.endOffsetForLeaderEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 8 })
    let truncated = false
    log.truncateTo(7, (value) => {
      truncated = value
    })
    world.settle()
    expect(truncated).toBe(true)
    expect([log.logEndOffset, log.writtenOffset, log.durableOffset, log.segmentCount]).toEqual([7, 7, 7, 2])
    expect(log.endOffsetForLeaderEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 7 })
    world.append(log, sizedBatch(500), { leaderEpoch: 3 })
    log.requestDurable()
    world.settle()
    expect(world.offsets(log, 5)).toEqual([5, 6, 7])
    expect(log.durableOffset).toBe(8)
    log.truncateFullyAndStartAt(100, () => {})
    world.settle()
    expect([log.logStartOffset, log.logEndOffset, log.segmentCount]).toEqual([100, 100, 1])
    expect(world.append(log, sizedBatch(500))).toMatchObject({ ok: true, baseOffset: 100 })
  })
})
