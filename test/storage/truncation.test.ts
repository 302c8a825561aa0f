import { describe, expect, it } from 'vitest'
import type { LogConfig } from '../../src/storage/log-config.ts'
import { testBatch } from './support/batches.ts'
import { ManagedWorld } from './support/managed-world.ts'

const CHECKPOINT = '/data/recovery-point-offset-checkpoint.tmp'

/** A log of five records that its recovery point covers. */
async function provenLog(config: Partial<LogConfig> = {}): Promise<ManagedWorld> {
  const world = new ManagedWorld(config)
  await world.start()
  const log = world.create()
  for (let i = 0; i < 5; i++) log.append(testBatch(), { origin: 'client', leaderEpoch: 0, nowMs: 0 })
  log.whenDurable(() => {})
  world.settle()
  await world.checkpoint()
  return world
}

describe('a cut below the recovery point', () => {
  it('does not happen when the disk fails to hear of it first', async () => {
    const world = await provenLog()
    world.disk.fault = (_operation, path) => (path === CHECKPOINT ? 'EIO' : null)
    let truncated: boolean | null = null
    world.log().truncateTo(1, (value) => {
      truncated = value
    })
    world.settle()
    world.disk.fault = () => null
    expect([truncated, world.log().isOffline]).toEqual([false, true])
    world.kill()
    await world.start()
    expect([world.log().damage, world.log().logEndOffset]).toEqual([null, 5])
  })

  it('waits until there is room for that', async () => {
    const world = await provenLog()
    world.disk.fault = (_operation, path) => (path === CHECKPOINT ? 'ENOSPC' : null)
    let truncated: boolean | null = null
    world.log().truncateTo(1, (value) => {
      truncated = value
    })
    world.clock.advance(2_000)
    expect([truncated, world.log().logEndOffset]).toEqual([null, 5])
    world.disk.fault = () => null
    world.clock.advance(2_000)
    expect([truncated, world.log().logEndOffset]).toEqual([true, 1])
    world.kill(() => 0)
    await world.start()
    expect([world.log().damage, world.log().logEndOffset]).toEqual([null, 1])
  })
})

it('a cut above what a reader finds damaged meanwhile leaves it damaged', async () => {
  const world = await provenLog({ segmentBytes: 3 * 90 })
  const log = world.log()
  world.disk.corrupt('/data/t-0/00000000000000000000.log', testBatch().length + 8, Buffer.alloc(4))
  log.truncateTo(4, () => {})
  const options = {
    sizeBytesMax: 1_000,
    upperBoundOffset: 5,
    atLeastOneBatch: true,
    skipsEmptyBatches: false,
  }
  log.read(1, options, ({ ok }) => expect(ok).toBe(false))
  expect([log.damage?.offset, log.logEndOffset]).toEqual([1, 5])
  world.settle()
  expect([log.damage?.offset, log.logEndOffset]).toEqual([1, 4])
  log.truncateTo(1, () => {})
  world.settle()
  expect([log.damage, log.logEndOffset]).toEqual([null, 1])
})

it('a cut that cannot tell what producers did before it leaves the log damaged from there on', async () => {
  const world = new ManagedWorld({ segmentBytes: 3 * 90 })
  await world.start()
  const log = world.create()
  const batch = (baseSequence: number) => testBatch({ producerId: 7n, producerEpoch: 0, baseSequence })
  for (let i = 0; i < 5; i++) log.append(batch(i), { origin: 'client', leaderEpoch: 0, nowMs: 0 })
  log.whenDurable(() => {})
  world.settle()
  // The length of the second batch.
  world.disk.corrupt('/data/t-0/00000000000000000000.log', batch(0).length + 8, Buffer.alloc(4))
  for (const { name } of world.disk.list('/data/t-0'))
    if (name.endsWith('.snapshot')) world.disk.remove(`/data/t-0/${name}`)
  log.truncateTo(4, () => {})
  world.settle()
  expect([log.damage?.offset, log.logEndOffset]).toEqual([1, 4])
  log.truncateTo(1, () => {})
  world.settle()
  expect([log.damage, log.logEndOffset]).toEqual([null, 1])
  const next = log.append(batch(1), { origin: 'client', leaderEpoch: 0, nowMs: 0 })
  expect(next).toMatchObject({ ok: true, baseOffset: 1, duplicate: false })
})
