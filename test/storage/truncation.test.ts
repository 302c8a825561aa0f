import { describe, expect, it } from 'vitest'
import { testBatch } from './support/batches.ts'
import { ManagedWorld } from './support/managed-world.ts'

const CHECKPOINT = '/data/recovery-point-offset-checkpoint.tmp'

/** A log of five records that its recovery point covers. */
async function provenLog(): Promise<ManagedWorld> {
  const world = new ManagedWorld()
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
