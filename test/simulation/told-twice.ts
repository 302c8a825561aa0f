/** A run of seeds of which each must tell the same history twice; they are shared out to files, so that all cores work. */
import { expect } from 'vitest'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { runSeed } from '../../src/simulation/run.ts'

const SEEDS = 500
const RAGE_MS = 80
const NODES_MAX = 3

/** Runs the first moments of five hundred seeds from `from` on, with one node to three, each twice; no two may be alike. */
export async function tellsTheSameTwice(from: number): Promise<void> {
  const hashes = new Set<string>()
  for (let seed = from; seed < from + SEEDS; seed++) {
    const nodes = 1 + (seed % NODES_MAX)
    const options = { seed, nodes, rageMs: RAGE_MS, isCutShort: true, hostTurn: promiseTurn }
    const once = await runSeed(options)
    const again = await runSeed(options)
    expect([again.hash, again.events], `seed ${seed}`).toEqual([once.hash, once.events])
    hashes.add(once.hash)
  }
  expect(hashes.size).toBe(SEEDS)
}
