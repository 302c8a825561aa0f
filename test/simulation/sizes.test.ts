/** A cluster of one node, of two and of five holds what it can promise, whatever strikes. */
import { expect, it } from 'vitest'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { runSeed } from '../../src/simulation/run.ts'

const SEEDS = 3
const RAGE_MS = 3_000

it.each([1, 2, 5])(
  '%i nodes',
  async (nodes) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations, acknowledged } = await runSeed({
        seed,
        nodes,
        rageMs: RAGE_MS,
        hostTurn: promiseTurn,
      })
      expect(violations, `seed ${seed}`).toEqual([])
      expect(acknowledged).toBeGreaterThan(0)
    }
  },
  120_000,
)
