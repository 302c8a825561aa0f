/** Seeds that once broke a promise, each with what it found; as long as the world does not change, they find it again. */
import { expect, it } from 'vitest'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { runSeed } from '../../src/simulation/run.ts'

const pinned: readonly (readonly [number, string])[] = [
  [
    126,
    'a fetch that a cut network had kept set a follower back, which stayed out of sync while nobody wrote',
  ],
  [159, 'the same'],
  [25, 'the same, in a world whose pipes mixed up what a cut had held'],
  [50, 'a node that was told to stop while it started counted that as a failed start'],
]

it.each(pinned)(
  'seed %i: %s',
  async (seed) => {
    const { violations } = await runSeed({ seed, nodes: 3, rageMs: 15_000, hostTurn })
    expect(violations).toEqual([])
  },
  60_000,
)
