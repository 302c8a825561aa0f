/** Each class of faults strikes, is counted, and breaks no promise. */
import { expect, it } from 'vitest'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { FAULTS } from '../../src/simulation/nemesis/nemesis.ts'
import { runSeed } from '../../src/simulation/run.ts'

const RAGE_MS = 4_000
/** A seed may have the class switched off, or find nothing to strike. */
const SEEDS_MAX = 12

it.each(FAULTS)(
  '%s',
  async (fault) => {
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const { faults, violations } = await runSeed({
        seed,
        nodes: 3,
        rageMs: RAGE_MS,
        faults: [fault],
        hostTurn: promiseTurn,
      })
      expect(violations, `seed ${seed}`).toEqual([])
      if ((faults.get(fault) ?? 0) > 0) return
    }
    throw new Error(`${SEEDS_MAX} seeds did not strike`)
  },
  120_000,
)
