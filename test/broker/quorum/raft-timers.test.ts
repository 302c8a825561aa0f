import { describe, expect, it } from 'vitest'
import { defaultQuorumTimeouts } from '../../../src/broker/quorum/raft-quorum-options.ts'
import { RaftTimers } from '../../../src/broker/quorum/raft-timers.ts'
import type { RaftTimer } from '../../../src/coordination/raft/event.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import { dice } from '../../storage/support/managed-world.ts'
import { TestWorld } from '../../storage/support/world.ts'
import { MemoryNetwork } from './support/memory-peers.ts'

function open() {
  const world = new TestWorld()
  const rang: Array<readonly [RaftTimer, number]> = []
  const startedMs = world.clock.nowMs
  const timers = new RaftTimers(
    {
      clock: world.clock,
      disk: world.disk,
      random: { bytes: (sizeBytes) => Buffer.alloc(sizeBytes), below: dice(1) },
      log: silentLog,
      peers: new MemoryNetwork(world.clock).peersOf('node-1'),
    },
    defaultQuorumTimeouts,
    (timer) => rang.push([timer, world.clock.nowMs - startedMs]),
  )
  return { world, timers, rang }
}

/** When a fresh timer rings, again and again. */
function delays(timer: RaftTimer, soon: boolean): number[] {
  const { world, timers, rang } = open()
  const found: number[] = []
  for (let i = 0; i < 200; i++) {
    const before = world.clock.nowMs
    timers.set(timer, soon)
    while (rang.length === i) world.clock.advance(1)
    found.push(world.clock.nowMs - before)
  }
  return found
}

describe('the timers of a Raft node', () => {
  it.each([
    ['election', false, 1_000, 1_500],
    ['election', true, 5, 50],
    ['heartbeat', false, 200, 200],
    ['check-quorum', false, 1_000, 1_000],
  ] as const)('%s, soon %s: between %d and %d ms', (timer, soon, min, max) => {
    const found = delays(timer, soon)
    expect(Math.min(...found)).toBeGreaterThanOrEqual(min)
    expect(Math.max(...found)).toBeLessThanOrEqual(max)
    // Where they are drawn, they differ widely.
    if (max > min) expect(Math.max(...found) - Math.min(...found)).toBeGreaterThan((max - min) * 0.8)
  })

  it('ring once, from the last start on, and not when they were cancelled or stopped', () => {
    const { world, timers, rang } = open()
    timers.set('heartbeat', false)
    world.clock.advance(150)
    timers.set('heartbeat', false)
    timers.set('check-quorum', false)
    timers.cancel('check-quorum')
    world.clock.advance(5_000)
    expect(rang).toEqual([['heartbeat', 350]])
    timers.set('heartbeat', false)
    timers.stop()
    timers.set('election', true)
    world.clock.advance(5_000)
    expect(rang.length).toBe(1)
  })
})
