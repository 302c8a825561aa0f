/** Two faults of one disk at a time: neither ends the other, and a disk that was dead comes back without its cache. */
import { expect, it } from 'vitest'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { sizeOf } from '../../src/simulation/cluster-size.ts'
import { Arsenal } from '../../src/simulation/nemesis/arsenal.ts'
import { DiskFaults } from '../../src/simulation/nemesis/disk-faults.ts'
import { FaultAtlas } from '../../src/simulation/nemesis/fault-atlas.ts'
import { Simulation } from '../../src/simulation/simulation.ts'

it.each(['stale read', 'failed sync'] as const)('a dead disk outlasts one %s', async (kind) => {
  for (let seed = 1; seed <= 8; seed++) {
    const simulation = new Simulation({
      seed,
      nodes: 1,
      settings: {},
      keepsLines: false,
      hostTurn: promiseTurn,
    })
    await simulation.start()
    const [node] = simulation.nodes
    if (node === undefined) throw new Error('no node')
    const faults = new DiskFaults(
      new Arsenal(simulation, simulation.random.stream('nemesis'), new FaultAtlas(sizeOf(1))),
    )
    let lostPower = false
    let wasMended = false
    const crash = node.disk.crash.bind(node.disk)
    node.disk.crash = (dice) => {
      lostPower = true
      crash(dice)
    }
    const first = faults.strike(kind, node)
    const dead = faults.strike('dead disk', node)
    const second = faults.strike(kind, node)
    const look = (): void => {
      wasMended ||= !lostPower && node.disk.fault('open', '/data') === null
    }
    await simulation.settled(Promise.all([first.then(look), dead, second.then(look)]), 60_000)
    expect([seed, lostPower, wasMended]).toEqual([seed, true, false])
  }
})
