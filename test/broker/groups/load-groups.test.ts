/** A coordinator's state is made of the whole log, or not at all. */
import { expect, it } from 'vitest'
import { type LoadedGroups, loadGroups } from '../../../src/broker/groups/load-groups.ts'
import { sizedBatch } from '../../storage/support/batches.ts'
import { ManagedWorld } from '../../storage/support/managed-world.ts'

function loaded(world: ManagedWorld): LoadedGroups | null {
  let outcome: LoadedGroups | null = null
  loadGroups(world.log(), world.clock, (found) => {
    outcome = found
  })
  world.settle()
  return outcome
}

it('is not made of what damage has left of it: offsets would turn back', async () => {
  const world = new ManagedWorld()
  await world.start()
  world.create()
  expect(loaded(world)).toMatchObject({ ok: true })
  world.log().append(sizedBatch(400), { origin: 'client', leaderEpoch: 0, nowMs: 0 })
  await world.stop()
  // Its length.
  world.disk.corrupt('/data/t-0/00000000000000000000.log', 8, Buffer.alloc(4))
  await world.start()
  const { logEndOffset, damage } = world.log()
  expect([logEndOffset, damage?.hidesEnd]).toEqual([0, true])
  expect(loaded(world)).toMatchObject({ ok: false })
})
