/** The same seed gives the same history, and no seed breaks an invariant. */
import { expect, it } from 'vitest'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { type RunReport, runSeed } from '../../src/simulation/run.ts'

const RAGE_MS = 8_000
const run = (seed: number, nodes = 3): Promise<RunReport> =>
  runSeed({ seed, nodes, rageMs: RAGE_MS, hostTurn })

it('tells the same history twice', async () => {
  const hashes = new Set<string>()
  for (const seed of [1, 2, 3, 4, 5]) {
    const once = await run(seed)
    const again = await run(seed)
    expect(again.hash).toBe(once.hash)
    expect(again.events).toBe(once.events)
    hashes.add(once.hash)
  }
  expect(hashes.size).toBe(5)
}, 120_000)

it('holds its promises under every fault', async () => {
  const faults = new Set<string>()
  for (let seed = 1_000; seed < 1_025; seed++) {
    const { violations, acknowledged, faults: struck } = await run(seed)
    expect(violations, `seed ${seed}`).toEqual([])
    expect(acknowledged).toBeGreaterThan(0)
    for (const fault of struck.keys()) faults.add(fault)
  }
  expect(faults.size).toBeGreaterThan(8)
}, 240_000)
