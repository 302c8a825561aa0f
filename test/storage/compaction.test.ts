import { describe, expect, it } from 'vitest'
import type { CompactionResult } from '../../src/storage/compaction.ts'
import type { Log } from '../../src/storage/log.ts'
import { testBatch } from './support/batches.ts'
import { consume, Model } from './support/compacted-model.ts'
import { dice, ManagedWorld } from './support/managed-world.ts'
import { TestWorld } from './support/world.ts'

const CONFIG = {
  compacts: true,
  deletes: false,
  segmentBytes: 1_500,
  indexIntervalBytes: 300,
  minCleanableDirtyRatio: 0,
  deleteRetentionMs: 10_000,
  fileDeleteDelayMs: 500,
}

/** Lets a cleaning run to its end, moving time as it needs. */
async function clean(world: ManagedWorld, log: Log): Promise<CompactionResult | null> {
  const name = 't-0'
  const directory = world.manager.directoryOf(log)
  const plan = log.upkeep.planCleaning(directory?.cleanerOffsets.get(name) ?? null)
  if (plan === null || !plan.isDue) return null
  let isDone = false
  const running = log.upkeep.clean(plan).finally(() => {
    isDone = true
  })
  for (let i = 0; !isDone && i < 10_000; i++) {
    world.clock.advance(1)
    await Promise.resolve()
  }
  if (!isDone) return null
  const result = await running
  if (result?.cleanedOffset !== null && result !== null) directory?.cleanerMoved(name, result.cleanedOffset)
  return result
}

/** Everything so far is durable and below the high watermark. */
function settle(world: ManagedWorld, log: Log): void {
  log.whenDurable(() => {})
  world.settle()
  log.setHighWatermark(log.durableOffset)
}

function checkAgainstModel(
  world: ManagedWorld,
  log: Log,
  model: Model,
  cleanedTo: number,
  note: string,
): void {
  const seen = consume(world, log)
  const stable = log.lastStableOffset
  const committed = new Map(model.committedBelow(stable).map((record) => [record.offset, record]))
  // Offset → record is a function, and nothing comes from nowhere.
  for (const record of seen) {
    const appended = committed.get(record.offset)
    expect(appended, `${note}: offset ${record.offset}`).toBeDefined()
    expect([record.key, record.value], note).toEqual([appended?.key, appended?.value])
  }
  // The last value of each key is there; a tombstone may be gone, but then nothing older is.
  const last = new Map(seen.map((record) => [record.key, record]))
  for (const [key, record] of model.latestBelow(stable)) {
    if (record.value !== null) expect(last.get(key)?.offset, `${note}: ${key}`).toBe(record.offset)
    else expect(last.get(key)?.value ?? null, `${note}: ${key}`).toBeNull()
  }
  // Nothing that is not clean yet is touched.
  const unclean = [...committed.values()].filter((record) => record.offset >= cleanedTo)
  const seenOffsets = new Set(seen.map((record) => record.offset))
  for (const record of unclean)
    expect(seenOffsets.has(record.offset), `${note}: unclean ${record.offset}`).toBe(true)
}

async function history(seed: number): Promise<void> {
  const roll = dice(seed)
  const world = new ManagedWorld(CONFIG, ['/data'], seed)
  await world.start()
  let log = world.create()
  const model = new Model()
  let cleanedTo = 0
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i <= roll(25); i++) {
      if (roll(6) === 0) model.end(world, log, BigInt(roll(3)), roll(2) === 0)
      else model.append(world, log, roll, 6)
      if (roll(4) === 0) world.clock.advance(roll(4_000))
    }
    if (roll(3) === 0) model.endAll(world, log, roll)
    settle(world, log)
    const endBefore = log.logEndOffset
    const result = await clean(world, log)
    cleanedTo = Math.max(cleanedTo, result?.cleanedOffset ?? 0)
    expect(log.damage).toBeNull()
    expect(log.logEndOffset).toBe(endBefore)
    checkAgainstModel(world, log, model, cleanedTo, `seed ${seed} round ${round}`)
    const sequences = new Map(
      log.activeProducers().map((producer) => [producer.producerId, producer.lastSequence]),
    )
    await world.checkpoint()
    if (roll(3) === 0) await world.stop()
    else world.kill(roll(2) === 0 ? undefined : roll)
    await world.start()
    log = world.log()
    log.setHighWatermark(log.logEndOffset)
    expect([log.damage, log.logEndOffset]).toEqual([null, endBefore])
    checkAgainstModel(world, log, model, cleanedTo, `seed ${seed} round ${round} after a restart`)
    for (const producer of log.activeProducers()) {
      expect(producer.lastSequence).toBe(sequences.get(producer.producerId))
    }
    expect(world.manager.directoryOf(log)?.cleanerOffsets.get('t-0') ?? 0).toBeLessThanOrEqual(cleanedTo)
  }
  world.kill()
}

describe('compaction', () => {
  it('keeps of each key the last committed value, over restarts and power cuts', async () => {
    for (let seed = 1; seed <= 60; seed++) await history(seed)
  })

  it('survives a crash at every single operation on the disk', async () => {
    for (let failAt = 1; failAt < 400; failAt++) {
      const world = new ManagedWorld(CONFIG, ['/data'], 9)
      await world.start()
      const log = world.create()
      const model = new Model()
      const roll = dice(11)
      for (let i = 0; i < 60; i++) {
        if (i % 9 === 8) model.endAll(world, log, roll)
        else model.append(world, log, roll, 5)
      }
      model.endAll(world, log, roll)
      log.roll(world.clock.nowMs)
      settle(world, log)
      await world.checkpoint()
      let operations = 0
      class Crash extends Error {}
      world.disk.fault = () => {
        operations++
        if (operations >= failAt) throw new Crash('the process died')
        return null
      }
      const cleaning = clean(world, log).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error
      })
      await cleaning.catch(() => {})
      world.disk.fault = () => null
      world.kill(failAt % 2 === 0 ? roll : undefined)
      // The next start may die as well, at any operation.
      let steps = roll(120)
      world.disk.fault = () => {
        if (steps-- <= 0) throw new Crash('the process died again')
        return null
      }
      await world.start().catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error
      })
      world.disk.fault = () => null
      world.kill(failAt % 3 === 0 ? roll : undefined)
      await world.start()
      const after = world.log()
      after.setHighWatermark(after.logEndOffset)
      expect([after.damage, after.logEndOffset], `operation ${failAt}`).toEqual([null, log.logEndOffset])
      checkAgainstModel(world, after, model, log.logEndOffset, `crash at operation ${failAt}`)
      const leftovers = world.disk.list('/data/t-0').filter(({ name }) => /cleaned|swap/.test(name))
      expect(leftovers).toEqual([])
      world.kill()
      if (operations < failAt) return
    }
    throw new Error('the cleaning never came to its end')
  })

  it('finds damage where a segment is whole no more: a bad batch does not know its own offset', async () => {
    const world = new ManagedWorld(CONFIG)
    await world.start()
    const log = world.create()
    for (let i = 0; i < 60; i++) {
      const records = [{ key: `k${i}`, value: 'v' }]
      log.append(testBatch({ records }), { origin: 'client', leaderEpoch: 0, nowMs: 0 })
    }
    settle(world, log)
    const second = log.state.segments.at(1)
    if (second === undefined) throw new Error('there is one segment only')
    // The beginning of another partition's segment, written here by mistake: a piece of a batch.
    const stray = testBatch({
      baseOffset: second.baseOffset + 5,
      records: [{ key: 'x'.repeat(600), value: 'v' }],
    })
    world.disk.corrupt(second.log.path, 0, stray.subarray(0, 512))
    expect(await clean(world, log)).toBeNull()
    expect(log.damage).toMatchObject({ offset: second.baseOffset })
    world.kill()
  })

  it('keeps a tombstone until its horizon, then drops it', async () => {
    const world = new ManagedWorld(CONFIG)
    await world.start()
    const log = world.create()
    const append = (key: string, value: string | null): void => {
      const batch = testBatch({ records: [{ key, value }], baseTimestamp: world.clock.nowMs })
      log.append(batch, { origin: 'client', leaderEpoch: 0, nowMs: world.clock.nowMs })
    }
    append('a', '1')
    append('a', null)
    append('b', '1')
    log.roll(world.clock.nowMs)
    settle(world, log)
    await clean(world, log)
    expect(consume(world, log).map((record) => [record.key, record.value])).toEqual([
      ['a', null],
      ['b', '1'],
    ])
    append('c', '1')
    log.roll(world.clock.nowMs)
    settle(world, log)
    await clean(world, log)
    expect(consume(world, log).map((record) => record.key)).toEqual(['a', 'b', 'c'])
    world.clock.advance(11_000)
    append('d', '1')
    log.roll(world.clock.nowMs)
    settle(world, log)
    await clean(world, log)
    expect(consume(world, log).map((record) => record.key)).toEqual(['b', 'c', 'd'])
  })

  it('drops aborted data at once, and its marker only after the horizon', async () => {
    const world = new ManagedWorld({ ...CONFIG, segmentBytes: 100_000 })
    await world.start()
    const log = world.create()
    const model = new Model()
    const always = (value: number) => (): number => value
    // Producer 2 is transactional.
    const producerTwo = (): ((limit: number) => number) => {
      let step = 0
      return () => [1, 2, 0, 1, 1, 1][step++] ?? 1
    }
    model.append(world, log, producerTwo(), 3)
    model.end(world, log, 2n, false)
    // A later batch of the producer keeps its sequence, so nothing keeps the aborted one.
    model.append(world, log, producerTwo(), 3)
    model.end(world, log, 2n, true)
    log.roll(world.clock.nowMs)
    settle(world, log)
    expect(log.abortedTransactions(0, 100).length).toBe(1)
    await clean(world, log)
    const batches = (): number[] => {
      const bytes = world.read(log, 0)
      const counts: number[] = []
      for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
        if ((bytes.readInt16BE(at + 21) & 0x20) !== 0) counts.push(bytes.readInt32BE(at + 57))
      }
      return counts
    }
    expect(batches()).toEqual([1, 1])
    expect(consume(world, log).length).toBe(1)
    for (const wait of [0, 11_000]) {
      world.clock.advance(wait)
      model.append(world, log, always(0), 3)
      log.roll(world.clock.nowMs)
      settle(world, log)
      await clean(world, log)
    }
    // The abort's marker is gone, the commit's stays with its data.
    expect(batches()).toEqual([1])
    expect(log.abortedTransactions(0, 100)).toEqual([])
  })

  it('an empty batch never stalls a consumer, and a replica gets it', async () => {
    const world = new ManagedWorld(CONFIG)
    await world.start()
    const log = world.create()
    const producer = { producerId: 5n, producerEpoch: 0 }
    const append = (sequence: number, key: string): void => {
      const batch = testBatch({
        ...producer,
        baseSequence: sequence,
        records: [{ key, value: String(sequence) }],
      })
      log.append(batch, { origin: 'client', leaderEpoch: 0, nowMs: 1 })
    }
    append(0, 'a')
    log.append(testBatch({ records: [{ key: 'a', value: 'newer' }] }), {
      origin: 'client',
      leaderEpoch: 0,
      nowMs: 1,
    })
    log.roll(world.clock.nowMs)
    settle(world, log)
    await clean(world, log)
    const read = (skipsEmptyBatches: boolean, upperBoundOffset: number): number[] => {
      const counts: number[] = []
      const options = { sizeBytesMax: 1_000, upperBoundOffset, atLeastOneBatch: true, skipsEmptyBatches }
      log.read(0, options, (outcome) => {
        if (!outcome.ok) throw new Error(outcome.message)
        for (const buffer of outcome.buffers) {
          for (let at = 0; at < buffer.length; at += 12 + buffer.readInt32BE(at + 8))
            counts.push(buffer.readInt32BE(at + 57))
        }
        outcome.release()
      })
      world.settle()
      return counts
    }
    expect(read(false, 100)).toEqual([0, 1])
    expect(read(true, 100)).toEqual([1])
    // With nothing behind it, the empty batch itself tells how far the log goes.
    expect(read(true, 1)).toEqual([0])
    expect(log.activeProducers()).toMatchObject([{ producerId: 5n, lastSequence: 0 }])
  })

  it('gives up on a full disk and leaves the log as it was', async () => {
    const world = new ManagedWorld(CONFIG)
    await world.start()
    const log = world.create()
    const model = new Model()
    for (let i = 0; i < 60; i++) model.append(world, log, dice(i), 4)
    model.endAll(world, log, dice(1))
    log.roll(world.clock.nowMs)
    settle(world, log)
    world.disk.capacityBytes = world.disk.usedBytes() + 100
    expect(await clean(world, log)).toBeNull()
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    checkAgainstModel(world, log, model, log.logEndOffset, 'after a full disk')
    expect(world.disk.list('/data/t-0').filter(({ name }) => name.includes('cleaned'))).toEqual([])
    expect(log.isOffline).toBe(false)
    expect((await clean(world, log))?.recordsDropped).toBeGreaterThan(0)
  })

  it('is given up when the log is cut under it', async () => {
    const world = new ManagedWorld(CONFIG)
    await world.start()
    const log = world.create()
    const model = new Model()
    for (let i = 0; i < 60; i++) model.append(world, log, dice(i), 4)
    log.roll(world.clock.nowMs)
    settle(world, log)
    const cleaning = clean(world, log)
    await Promise.resolve()
    log.truncateTo(10, () => {})
    expect((await cleaning)?.cleanedOffset ?? null).toBeNull()
    world.settle()
    expect(log.logEndOffset).toBeLessThanOrEqual(10)
    expect(log.damage).toBeNull()
  })

  it('forgets no epoch whose batches it takes, though the process dies before the next checkpoint', async () => {
    const world = new TestWorld()
    const log = world.create({ ...CONFIG, segmentBytes: 1_000 })
    const append = (leaderEpoch: number): void => {
      for (let i = 0; i < 4; i++)
        world.append(log, testBatch({ records: [{ key: 'k', value: 'v'.repeat(400) }] }), { leaderEpoch })
      log.requestDurable()
      world.settle()
      log.setHighWatermark(log.logEndOffset)
    }
    append(2)
    log.checkpointing.advance(() => {})
    world.settle()
    append(5)
    append(6)
    const plan = log.upkeep.planCleaning(null)
    if (plan === null) throw new Error('there is nothing to clean')
    let isDone = false
    const cleaning = log.upkeep.clean(plan).finally(() => {
      isDone = true
    })
    while (!isDone) {
      world.clock.advance(1)
      await Promise.resolve()
    }
    expect((await cleaning)?.recordsDropped).toBeGreaterThanOrEqual(8)
    world.die()
    const next = world.open({ recoveryPoint: 4 }, CONFIG)
    expect(next.endOffsetForLeaderEpoch(2)).toEqual({ leaderEpoch: 2, endOffset: 4 })
    expect(next.endOffsetForLeaderEpoch(5)).toEqual({ leaderEpoch: 5, endOffset: 8 })
  })
})
