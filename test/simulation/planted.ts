/**
 * Plants one bug after the other in a copy of the code and counts the seeds until the simulator sees it.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Mutation, mutations } from './mutations.ts'
import { resultsOf } from './sweep.ts'

const ROOT = resolve(import.meta.dirname, '../..')

interface Caught {
  readonly seeds: number
  readonly violation: string
}

/** Copies the code to `copy`, with the bug in it. */
function plant({ name, file, from, to }: Mutation, copy: string): void {
  for (const part of ['src', 'test/simulation', 'package.json'])
    cpSync(join(ROOT, part), join(copy, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${name}: ${file} does not have its line exactly once`)
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
}

/** Seeds until the first violation, and what it was; a run that breaks is one. Null when no seed showed any. */
async function seedsToCatch(main: string, seedsMax: number): Promise<Caught | null> {
  let seeds = 0
  try {
    for await (const { violations } of resultsOf(main, [], 1, seedsMax, 1)) {
      seeds++
      const [violation] = violations
      if (violation !== undefined) return { seeds, violation: violation.split('\n', 1)[0] ?? '' }
    }
    return null
  } catch (error) {
    return { seeds: seeds + 1, violation: `the run broke: ${String(error).split('\n', 1)[0]}` }
  }
}

async function caughtWith(mutation: Mutation, seedsMax: number): Promise<Caught | null> {
  const copy = mkdtempSync(join(tmpdir(), 'sluice-planted-'))
  try {
    plant(mutation, copy)
    return await seedsToCatch(join(copy, 'test/simulation/main.ts'), seedsMax)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/**
 * Plants as many bugs at a time as there are cores, and prints a line for each as it is seen or given up; false when one
 * was never seen. `only`: those whose name has that in it.
 */
export async function plantAll(only: string | null, seedsMax: number): Promise<boolean> {
  const chosen = mutations.filter(({ name }) => only === null || name.includes(only))
  const left = [...chosen]
  const counts: number[] = []
  const plantOn = async (): Promise<void> => {
    for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
      const caught = await caughtWith(mutation, seedsMax)
      if (caught !== null) counts.push(caught.seeds)
      const told =
        caught === null ? `NOT SEEN in ${seedsMax} seeds` : `${caught.seeds} seeds: ${caught.violation}`
      console.log(`${mutation.name.padEnd(60)} ${told}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, plantOn))
  const sorted = counts.sort((one, other) => one - other)
  console.log(
    `${counts.length} of ${chosen.length} seen; median ${sorted[sorted.length >> 1] ?? '-'} seeds, worst ${sorted.at(-1) ?? '-'}`,
  )
  return counts.length === chosen.length
}
