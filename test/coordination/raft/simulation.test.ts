/**
 * Raft under random faults: hundreds of seeds, every invariant after every step, progress at the end.
 *
 * `SEED=n` runs one of them alone.
 */
import { describe, expect, it } from 'vitest'
import { Simulation, type SimulationCounts } from './simulation.ts'

const SEEDS = 500
const STEPS = 4_000
const only = process.env.SEED

function run(seed: number): SimulationCounts {
  const simulation = new Simulation(seed)
  try {
    simulation.run(STEPS)
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  return simulation.counts
}

describe('raft simulation', () => {
  it('keeps every invariant under every seed', () => {
    const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(only)]
    const total: Record<string, number> = {}
    for (const seed of seeds) {
      for (const [name, count] of Object.entries(run(seed))) total[name] = (total[name] ?? 0) + count
    }
    console.log(JSON.stringify(total))
    // Faults that never happen prove nothing.
    if (only === undefined)
      for (const [name, count] of Object.entries(total))
        expect([name, count > SEEDS / 8]).toEqual([name, true])
  })

  it('gives the same history for the same seed', () => {
    expect(run(7)).toEqual(run(7))
  })
})
