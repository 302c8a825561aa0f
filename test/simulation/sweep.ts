/**
 * Spreads seeds over the cores, a process each, and tells what came of them.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RunReport } from '../../src/simulation/run.ts'

/** A report as it comes from another process. */
export type SeedResult = Omit<RunReport, 'lines' | 'faults' | 'loads'> & {
  readonly faults: Readonly<Record<string, number>>
  readonly loads: Readonly<Record<string, number>>
  /** Processor time that it took. */
  readonly busyMs: number
}

/** What the seeds of a sweep came to, added up. */
class Totals {
  readonly #faults = new Map<string, number>()
  readonly #loads = new Map<string, number>()
  #simulatedMs = 0
  #busyMs = 0
  #events = 0
  #sends = 0
  #acknowledged = 0
  seeds = 0
  failed = 0
  violations = 0

  add(result: SeedResult): void {
    this.seeds++
    this.#simulatedMs += result.simulatedMs
    this.#busyMs += result.busyMs
    this.#events += result.events
    this.#sends += result.sends
    this.#acknowledged += result.acknowledged
    this.violations += result.violations.length
    if (result.violations.length > 0) this.failed++
    for (const [counts, more] of [
      [this.#faults, result.faults],
      [this.#loads, result.loads],
    ] as const)
      for (const [name, count] of Object.entries(more)) counts.set(name, (counts.get(name) ?? 0) + count)
  }

  lines(realMs: number, cores: number): readonly string[] {
    const hours = (this.#simulatedMs / 3_600_000).toFixed(2)
    const seconds = (ms: number): string => (ms / 1_000).toFixed(0)
    return [
      `${hours} virtual hours in ${seconds(realMs)} s on ${cores} cores, ${seconds(this.#busyMs)} s of them busy: ${(this.#simulatedMs / realMs).toFixed(1)} times real time, ${(this.#simulatedMs / this.#busyMs).toFixed(1)} for a core`,
      `${this.#events} events, ${this.#sends} sends, ${this.#acknowledged} acknowledged`,
      `faults: ${counted(this.#faults)}`,
      `loads: ${counted(this.#loads)}`,
    ]
  }
}

function counted(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([one], [other]) => (one < other ? -1 : 1))
  return sorted.map(([name, count]) => `${count} × ${name}`).join(', ') || 'none'
}

const MAIN = join(import.meta.dirname, 'main.ts')
const TOLD_EVERY = 100
/** A seed that takes so long in real time goes round in circles. */
const SEED_MS_MAX = 180_000

/**
 * The results of seeds `from`, `from + every`, … as they come; ends the process when the caller stops listening. Throws when
 * the process breaks, or tells nothing for too long.
 */
export async function* resultsOf(
  main: string,
  passed: readonly string[],
  from: number,
  seeds: number,
  every: number,
): AsyncGenerator<SeedResult, void, void> {
  const own = ['--from', String(from), '--seeds', String(seeds), '--every', String(every)]
  const child = spawn(process.execPath, [main, ...passed, ...own], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ended = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  )
  const silence = setTimeout(() => child.kill('SIGKILL'), SEED_MS_MAX)
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      silence.refresh()
      yield JSON.parse(line) as SeedResult
    }
    const code = await ended
    if (code !== 0) throw new Error(`a process of the sweep ended with ${code}: ${errors}`)
  } finally {
    clearTimeout(silence)
    child.kill()
  }
}

/** Runs the seeds and prints what came of them; false when one broke an invariant. */
export async function sweep(passed: readonly string[], from: number, seeds: number): Promise<boolean> {
  const cores = Math.min(seeds, availableParallelism())
  const beganMs = performance.now()
  const totals = new Totals()
  const follow = async (core: number): Promise<void> => {
    for await (const result of resultsOf(MAIN, passed, from + core, seeds - core, cores)) {
      totals.add(result)
      if (result.violations.length > 0) {
        console.log(`seed ${result.seed}:`)
        for (const violation of result.violations.slice(0, 5)) console.log(`  VIOLATION ${violation}`)
      }
      if (totals.seeds % TOLD_EVERY === 0)
        console.log(`${totals.seeds} seeds, ${totals.failed} with violations`)
    }
  }
  await Promise.all(Array.from({ length: cores }, (_, core) => follow(core)))
  console.log(`${totals.seeds} seeds from ${from} on`)
  for (const line of totals.lines(performance.now() - beganMs, cores)) console.log(line)
  console.log(
    totals.failed === 0
      ? 'OK, no violations'
      : `FAILED: ${totals.failed} seeds broke an invariant, ${totals.violations} violations`,
  )
  return totals.failed === 0
}
