/** The same seed gives the same history: a thousand seeds, the first moments of each, each twice. */
import { expect, it } from 'vitest'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { runSeed } from '../../src/simulation/run.ts'

const SEEDS = 1_000
const RAGE_MS = 250

it('tells the same history twice', async () => {
  const hashes = new Set<string>()
  for (let seed = 1; seed <= SEEDS; seed++) {
    const options = { seed, nodes: 3, rageMs: RAGE_MS, isCutShort: true, hostTurn: promiseTurn }
    const once = await runSeed(options)
    const again = await runSeed(options)
    expect([again.hash, again.events], `seed ${seed}`).toEqual([once.hash, once.events])
    hashes.add(once.hash)
  }
  expect(hashes.size).toBe(SEEDS)
}, 600_000)
