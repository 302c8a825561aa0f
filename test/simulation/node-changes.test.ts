/** Nodes join, vote, are drained and removed, and come back in one seed or another, and no promise is broken. */
import { expect, it } from 'vitest'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { runSeed } from '../../src/simulation/run.ts'

const RAGE_MS = 6_000
const SEEDS_MAX = 60

/** What the operator tells of his steps. */
const STEPS = [
  /operator node-4 joins/,
  /operator node-4 shall vote/,
  /operator node-4 takes over replicas/,
  /operator node-[123] goes/,
  /operator node-[123] is gone/,
  /operator node-[123] joins/,
  /operator node-5 joins/,
]

const run = (seed: number) =>
  runSeed({ seed, nodes: 3, rageMs: RAGE_MS, keepsLines: true, hostTurn: promiseTurn })

it('takes every step in some seed, and the same ones again', async () => {
  const left = new Set(STEPS)
  let isRepeated = false
  for (let seed = 1; left.size > 0 && seed <= SEEDS_MAX; seed++) {
    const { loads, lines, violations, hash } = await run(seed)
    if (!loads.has('changer of nodes')) continue
    if (!isRepeated) expect((await run(seed)).hash).toBe(hash)
    isRepeated = true
    expect(violations, `seed ${seed}`).toEqual([])
    for (const step of left) if (lines.some((line) => step.test(line))) left.delete(step)
  }
  expect([...left]).toEqual([])
}, 300_000)
