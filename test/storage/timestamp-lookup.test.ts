import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Log } from '../../src/storage/log.ts'
import type { TimestampedOffset } from '../../src/storage/read-outcome.ts'
import { testBatch, wrapBatch } from './support/batches.ts'
import { dice } from './support/managed-world.ts'
import { DIRECTORY, TestWorld } from './support/world.ts'

function find(world: TestWorld, log: Log, timestampMs: number): TimestampedOffset | null {
  let answer: TimestampedOffset | null = null
  log.offsetForTimestamp(timestampMs, (found, error) => {
    expect(error).toBeNull()
    answer = found
  })
  world.settle()
  return answer
}

function findMax(world: TestWorld, log: Log): TimestampedOffset | null {
  let answer: TimestampedOffset | null = null
  log.offsetOfMaxTimestamp((found) => {
    answer = found
  })
  world.settle()
  return answer
}

describe('lookups by time', () => {
  it('answer the first record at or past the time, inside a batch too, or nothing', () => {
    const world = new TestWorld()
    const log = world.create()
    const records = [0, 10, 20].map((timestampDelta) => ({ value: 'v', timestampDelta }))
    world.append(log, testBatch({ baseTimestamp: 1_000, records }), { leaderEpoch: 4 })
    const inner = testBatch({ baseTimestamp: 2_000, records })
    const packed = wrapBatch(
      { baseTimestamp: 2_000, maxTimestamp: 2_020, attributes: 1 },
      gzipSync(inner.subarray(61)),
      3,
      2,
    )
    world.append(log, packed, { leaderEpoch: 5 })
    world.settle()
    expect(find(world, log, 0)).toEqual({ offset: 0, timestampMs: 1_000, leaderEpoch: 4 })
    expect(find(world, log, 1_001)).toEqual({ offset: 1, timestampMs: 1_010, leaderEpoch: 4 })
    expect(find(world, log, 1_021)).toEqual({ offset: 3, timestampMs: 2_000, leaderEpoch: 5 })
    expect(find(world, log, 2_015)).toEqual({ offset: 5, timestampMs: 2_020, leaderEpoch: 5 })
    expect(find(world, log, 2_021)).toBeNull()
    expect(findMax(world, log)).toEqual({ offset: 5, timestampMs: 2_020, leaderEpoch: 5 })
    log.setHighWatermark(6)
    log.deleteRecordsBefore(1)
    expect(find(world, log, 0)).toMatchObject({ offset: 1 })
    expect(world.environment.buffers.lentCount).toBe(0)
  })

  it('agree with a full scan over random times, segments and restarts', () => {
    const roll = dice(5)
    const world = new TestWorld()
    const config = { segmentBytes: 2_000, indexIntervalBytes: 150 }
    let log = world.create(config)
    const times: number[] = []
    for (let i = 0; i < 200; i++) {
      const baseTimestamp = 1_000 + roll(5_000)
      const records = Array.from({ length: 1 + roll(3) }, () => ({ value: 'v', timestampDelta: roll(50) }))
      for (const record of records) times.push(baseTimestamp + record.timestampDelta)
      world.append(log, testBatch({ baseTimestamp, records }))
    }
    log.requestDurable()
    world.settle()
    const check = (): void => {
      for (let i = 0; i < 60; i++) {
        const wanted = 900 + roll(5_300)
        const offset = times.findIndex((time) => time >= wanted)
        const expected = offset < 0 ? null : { offset, timestampMs: times[offset] }
        const found = find(world, log, wanted)
        expect(
          found === null ? null : { offset: found.offset, timestampMs: found.timestampMs },
          `${wanted}`,
        ).toEqual(expected)
      }
      const largest = Math.max(...times)
      expect(findMax(world, log)).toMatchObject({ timestampMs: largest })
    }
    check()
    log.close(() => {})
    world.settle()
    world.die()
    log = world.open({ wasClean: true, recoveryPoint: log.logEndOffset }, config)
    check()
    world.die()
    log = world.open({ recoveryPoint: 150 }, config)
    check()
    log.truncateTo(100, () => {})
    world.settle()
    times.length = log.logEndOffset
    check()
  })

  it('agree with a full scan when recovery has cut a torn tail', () => {
    const roll = dice(9)
    const config = { indexIntervalBytes: 300 }
    for (let round = 0; round < 20; round++) {
      const world = new TestWorld()
      const log = world.create(config)
      const times = Array.from({ length: 14 }, () => 1_000 + roll(500))
      for (const baseTimestamp of times) world.append(log, testBatch({ baseTimestamp }))
      log.requestDurable()
      world.settle()
      const name = '00000000000000000000.log'
      const tornBytes = world.content(name).length - 10
      world.die()
      world.disk.open(`${DIRECTORY}/t-0/${name}`, 'read-write').truncateSync(tornBytes)
      const recovered = world.open({ recoveryPoint: 1 }, config)
      times.length = recovered.logEndOffset
      expect(times.length).toBe(13)
      for (const wanted of times)
        expect(find(world, recovered, wanted)).toMatchObject({
          offset: times.findIndex((time) => time >= wanted),
        })
      expect(findMax(world, recovered)).toMatchObject({ timestampMs: Math.max(...times) })
    }
  })

  it('agree with a full scan when the power was cut after a roll, wherever the recovery point stood', () => {
    const roll = dice(3)
    const config = { segmentBytes: 2_500, indexIntervalBytes: 150 }
    for (let round = 0; round < 150; round++) {
      const world = new TestWorld()
      const log = world.create(config)
      const times: number[] = []
      const appendAll = (count: number): void => {
        for (let i = 0; i < count; i++) {
          times.push(1_000 + roll(500))
          world.append(log, testBatch({ baseTimestamp: times.at(-1) ?? 0 }))
        }
        log.requestDurable()
        world.settle()
      }
      appendAll(1 + roll(40))
      log.checkpointing.advance(() => {})
      world.settle()
      const { recoveryPoint } = log.checkpointing
      appendAll(roll(40))
      world.die(roll)
      const recovered = world.open({ recoveryPoint }, config)
      expect(recovered.logEndOffset).toBe(times.length)
      for (const wanted of times)
        expect(find(world, recovered, wanted), `round ${round}, from ${recoveryPoint}`).toMatchObject({
          offset: times.findIndex((time) => time >= wanted),
        })
    }
  })

  it('agree with a full scan after a cut, also where the indexes are not in a file yet', () => {
    const roll = dice(4)
    for (let round = 0; round < 40; round++) {
      const world = new TestWorld()
      const log = world.create({ indexIntervalBytes: 150 })
      const times = Array.from({ length: 20 }, () => 1_000 + roll(500))
      for (const baseTimestamp of times) world.append(log, testBatch({ baseTimestamp }))
      world.settle()
      log.truncateTo(1 + roll(19), () => {})
      world.settle()
      times.length = log.logEndOffset
      for (const wanted of times)
        expect(find(world, log, wanted), `round ${round}`).toMatchObject({
          offset: times.findIndex((time) => time >= wanted),
        })
    }
  })

  it('agree with a full scan whatever a page of a time index has become', () => {
    const roll = dice(6)
    const config = { segmentBytes: 2_500, indexIntervalBytes: 150 }
    for (let round = 0; round < 60; round++) {
      const world = new TestWorld()
      const log = world.create(config)
      const times = Array.from({ length: 60 }, () => 1_000 + roll(500))
      for (const baseTimestamp of times) world.append(log, testBatch({ baseTimestamp }))
      log.requestDurable()
      world.settle()
      log.close(() => {})
      world.settle()
      world.die()
      const indexes = world.disk.list(`${DIRECTORY}/t-0`).filter(({ name }) => name.endsWith('.timeindex'))
      expect(indexes.length).toBeGreaterThan(1)
      const path = `${DIRECTORY}/t-0/${indexes[roll(indexes.length)]?.name}`
      const sizeBytes = world.disk.status(path)?.sizeBytes ?? 0
      const entries = sizeBytes / 12
      const from = 12 * roll(entries)
      if (round % 3 === 0) world.disk.open(path, 'read-write').truncateSync(0)
      else {
        const rotten = Buffer.alloc(12 * (1 + roll(entries)), round % 3 === 1 ? 0 : roll(256))
        world.disk.corrupt(path, from, rotten.subarray(0, sizeBytes - from))
      }
      const reopened = world.open({ wasClean: true, recoveryPoint: log.logEndOffset }, config)
      for (const wanted of times)
        expect(find(world, reopened, wanted), `round ${round}`).toMatchObject({
          offset: times.findIndex((time) => time >= wanted),
        })
      expect(find(world, reopened, Math.max(...times) + 1)).toBeNull()
      expect(findMax(world, reopened)).toMatchObject({ timestampMs: Math.max(...times) })
    }
  })

  it('tell it where the disk does not answer', () => {
    const world = new TestWorld()
    const log = world.create({ indexIntervalBytes: 150 })
    for (let i = 0; i < 9; i++) world.append(log, testBatch({ baseTimestamp: 1_000 + i }))
    log.requestDurable()
    world.settle()
    log.close(() => {})
    world.settle()
    world.die()
    const reopened = world.open({ wasClean: true, recoveryPoint: 9 })
    world.disk.fault = (operation, path) =>
      operation === 'read' && path.endsWith('.timeindex') ? 'EIO' : null
    const told: (string | null)[] = []
    reopened.offsetForTimestamp(1_003, (found, error) => told.push(found === null ? error : 'found'))
    reopened.offsetOfMaxTimestamp((found, error) => told.push(found === null ? error : 'found'))
    expect(told).toEqual([expect.stringMatching(/^EIO/), expect.stringMatching(/^EIO/)])
  })

  it('of an empty log are empty', () => {
    const world = new TestWorld()
    const log = world.create()
    expect(find(world, log, 0)).toBeNull()
    expect(findMax(world, log)).toBeNull()
  })
})
