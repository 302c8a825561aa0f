/**
 * Spreads seeds over the cores, a process each, and tells what came of them.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RunReport } from '../../src/simulation/run.ts'

/** A report as it comes from another process. */
export type SeedResult = Omit<RunReport, 'lines' | 'faults'> & {
  readonly faults: Readonly<Record<string, number>>
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
  const faults = new Map<string, number>()
  let done = 0
  let simulatedMs = 0
  let events = 0
  let acknowledged = 0
  let failed = 0
  const follow = async (core: number): Promise<void> => {
    for await (const result of resultsOf(MAIN, passed, from + core, seeds - core, cores)) {
      done++
      simulatedMs += result.simulatedMs
      events += result.events
      acknowledged += result.acknowledged
      for (const [fault, count] of Object.entries(result.faults))
        faults.set(fault, (faults.get(fault) ?? 0) + count)
      if (result.violations.length > 0) {
        failed++
        console.log(`seed ${result.seed}:`)
        for (const violation of result.violations.slice(0, 5)) console.log(`  VIOLATION ${violation}`)
      }
      if (done % TOLD_EVERY === 0) console.log(`${done} seeds, ${failed} with violations`)
    }
  }
  await Promise.all(Array.from({ length: cores }, (_, core) => follow(core)))
  const realMs = performance.now() - beganMs
  const struck = [...faults].sort(([one], [other]) => (one < other ? -1 : 1))
  console.log(
    `${done} seeds from ${from} on: ${(simulatedMs / 3_600_000).toFixed(2)} virtual hours in ${(realMs / 1_000).toFixed(0)} s on ${cores} cores (${(simulatedMs / realMs).toFixed(1)} times real time), ${events} events, ${acknowledged} sends acknowledged`,
  )
  console.log(`faults: ${struck.map(([fault, count]) => `${count} × ${fault}`).join(', ') || 'none'}`)
  console.log(failed === 0 ? 'OK' : `FAILED: ${failed} seeds broke an invariant`)
  return failed === 0
}
