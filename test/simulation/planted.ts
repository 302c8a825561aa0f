/**
 * Plants one bug after the other in a copy of the code and counts the seeds until the simulator sees it.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Mutation, mutations } from './mutations.ts'
import { resultsOf } from './sweep.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SEEDS_MAX = 1_000

/** Seeds until the first violation, and what it was; null when none of them showed one. */
async function seedsToCatch(mutation: Mutation): Promise<{ seeds: number; violation: string } | null> {
  const copy = mkdtempSync(join(tmpdir(), 'sluice-planted-'))
  try {
    for (const part of ['src', 'test/simulation', 'package.json'])
      cpSync(join(ROOT, part), join(copy, part), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
    const file = join(copy, mutation.file)
    const text = readFileSync(file, 'utf8')
    if (text.split(mutation.from).length !== 2)
      throw new Error(`${mutation.name}: ${mutation.file} does not have its line exactly once`)
    writeFileSync(
      file,
      text.replace(mutation.from, () => mutation.to),
    )
    let seeds = 0
    for await (const { violations } of resultsOf(
      join(copy, 'test/simulation/main.ts'),
      [],
      1,
      SEEDS_MAX,
      1,
    )) {
      seeds++
      const [violation] = violations
      if (violation !== undefined) return { seeds, violation: violation.split('\n', 1)[0] ?? '' }
    }
    return null
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Prints a line for each bug; false when one was never seen. `only`: those whose name has that in it. */
export async function plantAll(only: string | null): Promise<boolean> {
  const chosen = mutations.filter(({ name }) => only === null || name.includes(only))
  const counts: number[] = []
  for (const mutation of chosen) {
    const caught = await seedsToCatch(mutation)
    if (caught !== null) counts.push(caught.seeds)
    const told =
      caught === null ? `NOT SEEN in ${SEEDS_MAX} seeds` : `${caught.seeds} seeds: ${caught.violation}`
    console.log(`${mutation.name.padEnd(52)} ${told}`)
  }
  const sorted = counts.sort((one, other) => one - other)
  console.log(
    `${counts.length} of ${chosen.length} seen; median ${sorted[sorted.length >> 1] ?? '-'} seeds, worst ${sorted.at(-1) ?? '-'}`,
  )
  return counts.length === chosen.length
}
