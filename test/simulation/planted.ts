/**
 * Plants one bug after the other in a copy of the code and counts the seeds until the simulator sees it.
 *
 * A seed counts only if it passes without the bug: what the simulator says of the code as it is tells nothing.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Mutation, mutations } from './mutations.ts'
import { resultsOf } from './sweep.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MAIN = join(import.meta.dirname, 'main.ts')

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

/** Told of a seed: what it broke first; null when nothing. */
async function brokenBy(main: string, seed: number): Promise<string | null> {
  try {
    for await (const { violations } of resultsOf(main, [], seed, 1, 1)) return firstOf(violations)
    return null
  } catch (error) {
    return `the run broke: ${firstLine(String(error))}`
  }
}

function firstOf([violation]: readonly string[]): string | null {
  return violation === undefined ? null : firstLine(violation)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** Whether the code as it is passes a seed: one that it does not pass tells nothing of a planted bug. */
class SoundSeeds {
  readonly #asked = new Map<number, Promise<boolean>>()

  passes(seed: number): Promise<boolean> {
    const known = this.#asked.get(seed) ?? brokenBy(MAIN, seed).then((told) => told === null)
    this.#asked.set(seed, known)
    return known
  }
}

/**
 * Seeds until the first violation that is not there without the bug, and what it was; a run that breaks is one. Null when
 * no seed showed any.
 */
async function seedsToCatch(main: string, seedsMax: number, sound: SoundSeeds): Promise<Caught | null> {
  for (let next = 1; next <= seedsMax; ) {
    let seed = next - 1
    let violation: string | null = null
    try {
      for await (const { violations } of resultsOf(main, [], next, seedsMax - next + 1, 1)) {
        seed++
        violation = firstOf(violations)
        if (violation !== null) break
      }
    } catch (error) {
      seed++
      violation = `the run broke: ${firstLine(String(error))}`
    }
    if (violation === null) return null
    if (await sound.passes(seed)) return { seeds: seed, violation }
    console.log(`seed ${seed} fails without any planted bug too`)
    next = seed + 1
  }
  return null
}

async function caughtWith(mutation: Mutation, seedsMax: number, sound: SoundSeeds): Promise<Caught | null> {
  const copy = mkdtempSync(join(tmpdir(), 'sluice-planted-'))
  try {
    plant(mutation, copy)
    return await seedsToCatch(join(copy, 'test/simulation/main.ts'), seedsMax, sound)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/**
 * Plants as many bugs at a time as there are cores, and prints a line for each as it is seen or given up, then all of them as
 * a table; false when one was never seen. `only`: those whose name has that in it.
 */
export async function plantAll(only: string | null, seedsMax: number): Promise<boolean> {
  const chosen = mutations.filter(({ name }) => only === null || name.includes(only))
  const left = [...chosen]
  const sound = new SoundSeeds()
  const outcomes = new Map<string, Caught | null>()
  const plantOn = async (): Promise<void> => {
    for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
      const caught = await caughtWith(mutation, seedsMax, sound)
      outcomes.set(mutation.name, caught)
      const told =
        caught === null ? `NOT SEEN in ${seedsMax} seeds` : `${caught.seeds} seeds: ${caught.violation}`
      console.log(`${mutation.name.padEnd(60)} ${told}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, plantOn))
  for (const line of table(chosen, outcomes)) console.log(line)
  return chosen.every(({ name }) => outcomes.get(name) != null)
}

/** A row for each bug, in the order of the list, and what they come to together. */
function table(chosen: readonly Mutation[], outcomes: ReadonlyMap<string, Caught | null>): readonly string[] {
  const rows = chosen.map(({ name }) => {
    const caught = outcomes.get(name)
    return `| ${name} | ${caught?.seeds ?? 'not seen'} | ${caught?.violation.split(': ', 1)[0] ?? ''} |`
  })
  const counts = [...outcomes.values()].flatMap((caught) => (caught === null ? [] : [caught.seeds]))
  const sorted = counts.sort((one, other) => one - other)
  return [
    '',
    '| planted bug | seeds | seen by |',
    '| --- | --- | --- |',
    ...rows,
    '',
    `${counts.length} of ${chosen.length} seen; median ${sorted[sorted.length >> 1] ?? '-'} seeds, worst ${sorted.at(-1) ?? '-'}`,
  ]
}
