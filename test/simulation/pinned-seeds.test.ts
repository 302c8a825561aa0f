/** Seeds that once broke a promise, each with what it found; as long as the world does not change, they find it again. */
import { expect, it } from 'vitest'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { runSeed } from '../../src/simulation/run.ts'

const pinned: readonly (readonly [number, string])[] = [
  [
    126,
    'a fetch that a cut network had kept set a follower back, which stayed out of sync while nobody wrote',
  ],
  [159, 'the same'],
  [25, 'the same, in a world whose pipes mixed up what a cut had held'],
  [50, 'a node that was told to stop while it started counted that as a failed start'],
  [7, 'an idempotent producer used the sequence of a send again whose fate it did not know'],
  [103, 'a power cut took the time index of a segment that had ended at the recovery point'],
  [108, 'the same'],
  [
    3007,
    'recovery cut a follower at a hole that the leader had compacted into it, and acknowledged records with it',
  ],
  [3020, 'a follower that had put aside what an earlier epoch told it never learned the high watermark'],
  [20237, 'a leader that was deposed while it was frozen refused a producer for good, out of sequence'],
  [359, 'a cut forgot the largest timestamp of a segment whose time index was not in a file yet'],
]

it.each(pinned)(
  'seed %i: %s',
  async (seed) => {
    const { violations } = await runSeed({ seed, nodes: 3, rageMs: 15_000, hostTurn: promiseTurn })
    expect(violations).toEqual([])
  },
  60_000,
)
