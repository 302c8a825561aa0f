import { describe, expect, it } from 'vitest'
import { firstSteps } from '../../src/runtime/crash-survival.ts'
import type { Log } from '../../src/storage/log.ts'
import { sizedBatch, testBatch } from './support/batches.ts'
import { DIRECTORY, TestWorld } from './support/world.ts'

function listen(log: Log): string[] {
  const events: string[] = []
  log.setListener({
    written: (end) => events.push(`written ${end}`),
    durable: (end) => events.push(`durable ${end}`),
    failed: (from, code) => events.push(`failed ${from} ${code}`),
    logStartOffsetMoved: (start) => events.push(`start ${start}`),
    offline: (reason) => events.push(`offline ${reason}`),
  })
  return events
}

describe('writing to a log', () => {
  it('trap 1: a full disk fails the append, leaves the log as it was, and heals by itself', () => {
    const world = new TestWorld()
    const log = world.create()
    const events = listen(log)
    world.append(log, sizedBatch(1_000, { producerId: 9n, producerEpoch: 0, baseSequence: 0 }))
    world.settle()
    world.disk.capacityBytes = world.disk.usedBytes() + 1_500
    let released = 0
    const releases = { released: () => released++ }
    world.append(log, sizedBatch(1_000, { producerId: 9n, producerEpoch: 0, baseSequence: 1 }), releases)
    world.append(log, sizedBatch(1_000, { producerId: 9n, producerEpoch: 0, baseSequence: 2 }), releases)
    expect(log.logEndOffset).toBe(3)
    world.clock.turn()
    expect([log.logEndOffset, log.writtenOffset, log.isOffline, released]).toEqual([1, 1, false, 2])
    expect(events).toEqual(['written 1', 'failed 1 56'])
    expect(world.content('00000000000000000000.log').length).toBe(998)
    expect(world.offsets(log, 0)).toEqual([0])
    // The producer's state went back too: the same sequence is neither a duplicate nor out of order.
    world.append(log, sizedBatch(1_000, { producerId: 9n, producerEpoch: 0, baseSequence: 1 }))
    world.settle()
    expect([log.logEndOffset, log.writtenOffset]).toEqual([2, 2])
    world.append(log, sizedBatch(1_000))
    world.settle()
    expect(log.logEndOffset).toBe(2)
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    expect(world.append(log, testBatch())).toMatchObject({ ok: true, baseOffset: 2 })
    log.requestDurable()
    world.settle()
    expect(log.durableOffset).toBe(3)
    world.die(() => 0)
    expect(world.open({ recoveryPoint: 0 }).logEndOffset).toBe(3)
  })

  it('a full disk in the middle of a roll takes the roll back', () => {
    const world = new TestWorld()
    const log = world.create({ segmentBytes: 2_500 })
    world.append(log, sizedBatch(1_000))
    world.append(log, sizedBatch(1_000))
    world.settle()
    world.disk.capacityBytes = world.disk.usedBytes() + 1_100
    for (let i = 0; i < 6; i++) world.append(log, sizedBatch(1_000))
    expect(log.segmentCount).toBe(4)
    world.settle()
    expect([log.logEndOffset, log.writtenOffset]).toEqual([2, 2])
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    for (let i = 0; i < 6; i++) world.append(log, sizedBatch(1_000))
    log.requestDurable()
    world.settle()
    expect([log.logEndOffset, log.durableOffset]).toEqual([8, 8])
    expect(
      world.offsets(log, 0).concat(world.offsets(log, 2), world.offsets(log, 4), world.offsets(log, 6)),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    world.die(() => 0)
    expect(world.open({ recoveryPoint: 0 }, { segmentBytes: 2_500 }).logEndOffset).toBe(8)
  })

  it('what a short write had left does not come back behind a segment that is complete', () => {
    const world = new TestWorld()
    const log = world.create({ segmentBytes: 2_500 })
    world.append(log, sizedBatch(1_000))
    log.requestDurable()
    world.settle()
    world.disk.capacityBytes = world.disk.usedBytes() + 100
    world.append(log, sizedBatch(1_000))
    world.settle()
    expect(log.writtenOffset).toBe(1)
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    world.append(log, sizedBatch(2_000))
    expect(log.segmentCount).toBe(2)
    log.requestDurable()
    world.settle()
    expect(log.durableOffset).toBe(2)
    // Of every file as much as the disk may have had in between: the first change that no sync covered.
    world.disk.crashLeaving({ keepsNames: () => true, content: () => firstSteps(1) })
    expect(world.content('00000000000000000000.log').length).toBe(998)
  })

  it('a large write is asynchronous, one at a time, and what arrives meanwhile goes together', () => {
    const world = new TestWorld()
    const log = world.create()
    const events = listen(log)
    world.append(log, sizedBatch(100_000))
    world.clock.turn()
    expect(log.writtenOffset).toBe(0)
    world.append(log, sizedBatch(10))
    world.append(log, sizedBatch(10))
    world.clock.turn()
    expect(log.writtenOffset).toBe(0)
    world.settle()
    expect(events).toEqual(['written 1', 'written 3'])
    expect(world.offsets(log, 0)).toEqual([0, 1, 2])
  })

  it('an asynchronous write that fails takes back what was queued behind it', () => {
    const world = new TestWorld()
    const log = world.create()
    const events = listen(log)
    world.disk.capacityBytes = 50_000
    world.append(log, sizedBatch(100_000))
    world.clock.turn()
    world.append(log, sizedBatch(10))
    world.settle()
    expect(events).toEqual(['failed 0 56'])
    expect(log.logEndOffset).toBe(0)
    expect(world.append(log, sizedBatch(1_000))).toMatchObject({ ok: true, baseOffset: 0 })
    world.settle()
    expect(log.writtenOffset).toBe(1)
  })

  it('an I/O error takes the directory offline: nothing is accepted or read any more', () => {
    const world = new TestWorld()
    const log = world.create()
    world.append(log, testBatch())
    world.settle()
    const events = listen(log)
    world.disk.fault = (operation) => (operation === 'write' ? 'EIO' : null)
    world.append(log, testBatch())
    world.settle()
    expect(events.map((event) => event.split(' ')[0])).toEqual(['failed', 'offline'])
    expect(world.failures.map((failure) => failure.code)).toEqual(['EIO'])
    world.disk.fault = () => null
    expect(world.append(log, testBatch())).toMatchObject({ ok: false, errorCode: 56 })
    expect(world.read(log, 0)).toMatchObject({ ok: false, errorCode: 56 })
  })

  it('refuses appends while it is closed, and never takes one between the parts of a cut', () => {
    const world = new TestWorld()
    const log = world.create()
    world.append(log, testBatch())
    world.append(log, testBatch())
    world.settle()
    log.truncateTo(1, () => {})
    expect(() => world.append(log, testBatch())).toThrow(/being cut/)
    world.settle()
    expect(world.append(log, testBatch())).toMatchObject({ ok: true, baseOffset: 1 })
    log.close(() => {})
    expect(world.append(log, testBatch())).toMatchObject({ ok: false, errorCode: 56 })
    world.settle()
    world.die()
    expect(world.open({ wasClean: true, recoveryPoint: 2 }).logEndOffset).toBe(2)
  })

  it('trap 20: the buffer stays the log’s own until it is written', () => {
    const world = new TestWorld()
    const log = world.create()
    let released = 0
    world.append(log, testBatch(), { released: () => released++ })
    expect(released).toBe(0)
    world.clock.turn()
    expect(released).toBe(1)
    world.append(log, Buffer.alloc(3), { released: () => released++ })
    expect(released).toBe(2)
  })
})

describe('making a log durable', () => {
  it('trap 6: a sync covers what was written before it began, and one sync serves all that wait', () => {
    const world = new TestWorld()
    const log = world.create()
    const events = listen(log)
    world.append(log, testBatch())
    log.requestDurable()
    world.clock.turn()
    for (let i = 0; i < 5; i++) {
      world.append(log, testBatch())
      log.requestDurable()
    }
    world.clock.turn()
    world.settle()
    expect(events).toEqual(['written 1', 'written 6', 'durable 1', 'durable 6'])
    expect(world.disk.counts.get('sync')).toBe(2)
  })

  it('trap 4: a durable append in a new segment survives a power cut, names included', () => {
    const world = new TestWorld()
    const log = world.create({ segmentBytes: 1_000 })
    for (let i = 0; i < 10; i++) world.append(log, sizedBatch(400))
    log.requestDurable()
    world.settle()
    expect(log.durableOffset).toBe(10)
    world.die(() => 0)
    expect(world.open({ recoveryPoint: 0 }, { segmentBytes: 1_000 }).logEndOffset).toBe(10)
  })

  it('trap 7: a failed sync is never tried again, and the directory goes offline', () => {
    const world = new TestWorld()
    const log = world.create()
    const events = listen(log)
    world.disk.fault = (operation) => (operation === 'sync' ? 'EIO' : null)
    world.append(log, testBatch())
    log.requestDurable()
    world.settle()
    world.disk.fault = () => null
    log.requestDurable()
    world.settle()
    expect(log.durableOffset).toBe(0)
    expect(events.map((event) => event.split(' ')[0])).toEqual(['written', 'offline'])
    expect(world.disk.counts.get('sync')).toBeUndefined()
  })

  it('waits for a file descriptor where none is left, and syncs then', () => {
    const world = new TestWorld()
    const log = world.create()
    world.append(log, testBatch())
    world.clock.turn()
    log.closeFiles()
    world.disk.fault = (operation) => (operation === 'open' ? 'EMFILE' : null)
    log.requestDurable()
    world.settle()
    expect([log.durableOffset, log.isOffline]).toEqual([0, false])
    world.disk.fault = () => null
    world.clock.advance(300)
    expect(log.durableOffset).toBe(1)
  })

  it('tells a waiter that its append can never be durable', () => {
    const world = new TestWorld()
    const log = world.create()
    const answers: boolean[] = []
    world.append(log, testBatch())
    world.disk.capacityBytes = 0
    log.whenDurable((durable) => answers.push(durable))
    world.settle()
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    world.append(log, testBatch())
    log.whenDurable((durable) => answers.push(durable))
    world.settle()
    expect(answers).toEqual([false, true])
  })

  it('counts written offsets where flush.messages leaves durability to the system, and syncs when enough are written', () => {
    const world = new TestWorld()
    const log = world.create({ durability: { kind: 'operating-system', flushMessages: 3, flushMs: 1_000 } })
    world.append(log, testBatch())
    world.clock.turn()
    expect([log.persistedOffset, log.durableOffset]).toEqual([1, 0])
    world.settle()
    expect(log.durableOffset).toBe(0)
    world.append(log, testBatch())
    world.append(log, testBatch())
    world.settle()
    expect(log.durableOffset).toBe(3)
    world.append(log, testBatch())
    world.clock.advance(2_000)
    expect(log.durableOffset).toBe(4)
  })

  it('a rolled segment becomes durable without being asked', () => {
    const world = new TestWorld()
    const log = world.create({ segmentBytes: 1_000 })
    for (let i = 0; i < 3; i++) world.append(log, sizedBatch(400))
    world.settle()
    expect(log.durableOffset).toBeGreaterThanOrEqual(2)
    expect(world.files()).toContain('00000000000000000002.snapshot')
    expect(world.disk.status(`${DIRECTORY}/t-0/00000000000000000000.timeindex`)?.sizeBytes).toBe(12)
  })
})
