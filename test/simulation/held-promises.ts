/** A run of seeds of which none may break an invariant; the seeds are shared out to files, so that all cores work. */
import { expect } from 'vitest'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { runSeed } from '../../src/simulation/run.ts'

const RAGE_MS = 2_000
const SEEDS = 100

/** Runs a hundred seeds from `from` on; among them every load must have run (`faults.test.ts` has each fault strike). */
export async function holdsItsPromises(from: number): Promise<void> {
  const ran = new Set<string>()
  for (let seed = from; seed < from + SEEDS; seed++) {
    const { violations, acknowledged, loads } = await runSeed({
      seed,
      nodes: 3,
      rageMs: RAGE_MS,
      hostTurn: promiseTurn,
    })
    expect(violations, `seed ${seed}`).toEqual([])
    expect(acknowledged).toBeGreaterThan(0)
    for (const load of loads.keys()) ran.add(load)
  }
  expect([...ran].sort()).toEqual([
    'administrator of topics',
    'changer of nodes',
    'cutter of records',
    'group without members',
    'member of a group',
    'mover of replicas',
    'reader',
    'watcher of ends',
    'writer of keys with acks=-1',
    'writer of keys with acks=1',
    'writer with acks=-1',
    'writer with acks=-1, idempotent',
    'writer with acks=0',
    'writer with acks=1',
    'writer with five under way',
  ])
}
