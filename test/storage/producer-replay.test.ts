import { expect, it } from 'vitest'
import type { Log } from '../../src/storage/log.ts'
import { testBatch } from './support/batches.ts'
import { ManagedWorld } from './support/managed-world.ts'

const isSnapshot = (path: string): boolean => path.endsWith('.snapshot')

function append(log: Log, baseSequence: number) {
  const batch = testBatch({ producerId: 7n, producerEpoch: 0, baseSequence, baseTimestamp: 0 })
  return log.append(batch, { origin: 'client', leaderEpoch: 0, nowMs: 0 })
}

/** Two batches a segment. */
async function logOf(batches: number, retentionMs = -1): Promise<ManagedWorld> {
  const world = new ManagedWorld({ segmentBytes: 2 * testBatch().length, retentionMs })
  await world.start()
  const log = world.create()
  for (let sequence = 0; sequence < batches; sequence++) appendDurably(world, sequence)
  log.setHighWatermark(batches)
  return world
}

function appendDurably(world: ManagedWorld, sequence: number): void {
  expect(append(world.log(), sequence)).toMatchObject({ ok: true, duplicate: false })
  world.log().whenDurable(() => {})
  world.settle()
}

it('what a snapshot says of producers is not believed when what they did next was deleted', async () => {
  const world = await logOf(4)
  world.disk.fault = (operation, path) => (isSnapshot(path) && operation !== 'remove' ? 'ENOSPC' : null)
  appendDurably(world, 4)
  appendDurably(world, 5)
  appendDurably(world, 6)
  world.log().setHighWatermark(7)
  world.log().deleteRecordsBefore(6)
  world.log().upkeep.applyRetention(world.clock.nowMs)
  await world.checkpoint()
  world.kill()
  world.disk.fault = () => null
  await world.start()
  expect([world.log().logStartOffset, world.log().logEndOffset]).toEqual([6, 7])
  expect(append(world.log(), 7)).toMatchObject({ ok: true, baseOffset: 7 })
})

it('a snapshot for which there was no room is written when there is', async () => {
  const world = await logOf(4)
  world.disk.fault = (operation, path) => (isSnapshot(path) && operation !== 'remove' ? 'ENOSPC' : null)
  appendDurably(world, 4)
  world.disk.fault = () => null
  appendDurably(world, 5)
  expect(world.disk.list('/data/t-0').map(({ name }) => name)).toContain('00000000000000000004.snapshot')
})

it('producers are known over a restart when all that they did was deleted', async () => {
  const world = await logOf(4, 60_000)
  world.clock.advance(60_000)
  world.log().upkeep.applyRetention(world.clock.nowMs)
  expect([world.log().logStartOffset, world.log().logEndOffset]).toEqual([4, 4])
  expect(append(world.log(), 3)).toMatchObject({ ok: true, duplicate: true })
  await world.stop()
  await world.start()
  expect(append(world.log(), 3)).toMatchObject({ ok: true, duplicate: true })
  world.kill()
  await world.start()
  expect(append(world.log(), 3)).toMatchObject({ ok: true, duplicate: true })
})
