/**
 * The promise itself, as a property: whatever is done to a log and whenever the power fails, what was announced
 * durable comes back, nothing comes back that was never appended, and what is derived agrees with the batches.
 */
import { describe, expect, it } from 'vitest'
import type { Log } from '../../src/storage/log.ts'
import { sizedBatch } from './support/batches.ts'
import { batchesIn } from './support/golden.ts'
import { dice, ManagedWorld } from './support/managed-world.ts'

interface Appended {
  readonly offset: number
  readonly epoch: number
  readonly crc: number
}

/** What a test knows of a log from the outside. */
class Witness {
  /** Every batch that was ever accepted, by its identity. */
  readonly everAppended = new Set<string>()
  /** What the log holds now if nothing goes wrong. */
  live: Appended[] = []
  durableOffset = 0
  sequence = 0
  epoch = 1

  append(log: Log, roll: (limit: number) => number): void {
    const hasProducer = roll(2) === 0
    const producer = { producerId: 7n, producerEpoch: this.epoch, baseSequence: this.sequence }
    const batch = sizedBatch(80 + roll(900), {
      ...(hasProducer ? producer : {}),
      baseTimestamp: 1_000 + roll(1_000),
    })
    const outcome = log.append(batch, { origin: 'coordinator', leaderEpoch: this.epoch, nowMs: 1_000 })
    if (!outcome.ok) throw new Error(outcome.message)
    if (hasProducer) this.sequence++
    const appended = { offset: outcome.baseOffset, epoch: this.epoch, crc: batch.readUInt32BE(17) }
    this.everAppended.add(`${appended.offset} ${appended.epoch} ${appended.crc}`)
    this.live.push(appended)
  }

  cut(offset: number): void {
    this.live = this.live.filter((appended) => appended.offset < offset)
    this.durableOffset = Math.min(this.durableOffset, offset)
    // A producer whose batches were cut starts over with a new epoch, as the broker would make it.
    this.epoch++
    this.sequence = 0
  }
}

function step(world: ManagedWorld, log: Log, witness: Witness, roll: (limit: number) => number): void {
  switch (roll(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      for (let i = 0; i <= roll(4); i++) witness.append(log, roll)
      break
    case 5:
      log.requestDurable()
      break
    case 6:
      world.clock.turn()
      break
    case 7:
      world.clock.advance(roll(5))
      break
    case 8:
      world.clock.advance(110)
      break
    case 9:
      log.roll(world.clock.nowMs)
      break
    case 10: {
      world.clock.advance(200)
      const offset = Math.max(log.logStartOffset, log.logEndOffset - roll(6))
      let isDone = false
      log.truncateTo(offset, () => {
        isDone = true
      })
      world.clock.advance(200)
      expect(isDone).toBe(true)
      witness.cut(log.logEndOffset)
      break
    }
    default:
      log.setHighWatermark(log.durableOffset)
      if (roll(4) === 0) log.deleteRecordsBefore(Math.max(0, log.highWatermark - roll(10)))
  }
}

function checkDerived(log: Log, found: ReturnType<typeof batchesIn>): void {
  let latest = -1
  for (const batch of found) {
    if (batch.leaderEpoch > latest) {
      latest = batch.leaderEpoch
      expect(log.leaderEpochOf(batch.baseOffset)).toBe(latest)
    }
  }
  if (found.length > 0) expect(log.leaderEpochOf(log.logEndOffset - 1)).toBe(latest)
  const last = found.findLast((batch) => batch.producerId === 7)
  const [producer] = log.activeProducers()
  if (last !== undefined) expect(producer?.producerEpoch).toBe(last.producerEpoch)
}

async function runSeed(seed: number): Promise<void> {
  const roll = dice(seed)
  const world = new ManagedWorld(
    { segmentBytes: 2_500 + roll(3_000), indexIntervalBytes: 500 },
    ['/data'],
    seed,
  )
  await world.start()
  world.create()
  const witness = new Witness()
  for (let life = 0; life < 3; life++) {
    const log = world.log()
    expect(log.damage).toBeNull()
    log.setListener({
      written() {},
      durable: (end) => {
        witness.durableOffset = Math.max(witness.durableOffset, end)
      },
      failed: () => {
        throw new Error('nothing may fail here')
      },
      logStartOffsetMoved() {},
      offline: (reason) => {
        throw new Error(reason)
      },
    })
    for (let i = 0; i <= roll(40); i++) step(world, log, witness, roll)
    if (roll(4) === 0) await world.stop()
    else world.kill(roll(3) === 0 ? undefined : roll)
    await world.start()
    const after = world.manager.log('t', 0)
    if (after === null) {
      // A folder whose creation was never synced may be gone; then nothing was promised.
      expect(witness.durableOffset).toBe(0)
      world.create()
      witness.cut(0)
      continue
    }
    expect(after.damage, `seed ${seed} life ${life}`).toBeNull()
    const found = batchesIn(world.read(after, after.logStartOffset))
    for (const batch of found) {
      expect(witness.everAppended.has(`${batch.baseOffset} ${batch.leaderEpoch} ${batch.crc}`)).toBe(true)
    }
    const kept = new Set(found.map((batch) => `${batch.baseOffset} ${batch.crc}`))
    for (const promised of witness.live) {
      if (promised.offset >= witness.durableOffset || promised.offset < after.logStartOffset) continue
      expect(
        kept.has(`${promised.offset} ${promised.crc}`),
        `seed ${seed} life ${life} offset ${promised.offset}`,
      ).toBe(true)
    }
    expect(after.logEndOffset).toBeGreaterThanOrEqual(witness.durableOffset)
    checkDerived(after, found)
    witness.live = found.map((batch) => ({
      offset: batch.baseOffset,
      epoch: batch.leaderEpoch,
      crc: batch.crc,
    }))
    witness.epoch = Math.max(witness.epoch, after.latestLeaderEpoch) + 1
    witness.sequence = 0
  }
  world.kill()
}

describe('a power cut at any moment', () => {
  it('loses nothing that was announced durable, and brings back nothing that was not appended', async () => {
    for (let seed = 1; seed <= 400; seed++) {
      try {
        await runSeed(seed)
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
  })
})

it('times are found after a power cut that follows a clean stop', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const world = new ManagedWorld({ indexIntervalBytes: 100 })
    await world.start()
    const log = world.create()
    for (const baseTimestamp of [1_000, 3_000, 2_000])
      log.append(sizedBatch(200, { baseTimestamp }), { origin: 'coordinator', leaderEpoch: 0, nowMs: 1_000 })
    world.settle()
    await world.stop()
    world.disk.crash(dice(seed))
    await world.start()
    const offsets: (number | undefined)[] = []
    for (const timestampMs of [1_500, 3_000])
      world.log().offsetForTimestamp(timestampMs, (found) => offsets.push(found?.offset))
    world.settle()
    expect([seed, ...offsets]).toEqual([seed, 1, 1])
  }
})
