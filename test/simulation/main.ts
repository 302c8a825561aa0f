/**
 * Runs the real brokers in a simulated world, seed by seed.
 *
 *   npm run simulate -- --seed N                 one seed, with a readable transcript
 *   npm run simulate -- --seeds N [--from N]     a sweep on all cores
 *   npm run simulate -- --planted [--only NAME]  plants bugs in copies of the code, and counts the seeds that catch them
 *
 *   --minutes N   virtual minutes under faults (0.25)      --nodes N   brokers (3)
 *   --faults A,B  only these; "" for none                  --first     stop at the first violation
 */
import { parseArgs } from 'node:util'
import { promiseTurn } from '../../src/runtime/node/promise-turn.ts'
import { FAULTS, type FaultKind } from '../../src/simulation/nemesis/nemesis.ts'
import { type RunReport, runSeed } from '../../src/simulation/run.ts'
import { plantAll } from './planted.ts'
import { type SeedResult, sweep } from './sweep.ts'

const SWEPT_SEEDS = 100
/** A bug that so many seeds do not show is not seen. */
const PLANTED_SEEDS = 1_000

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '0.25' },
    nodes: { type: 'string', default: '3' },
    faults: { type: 'string' },
    first: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    /** One process of a sweep: every so many seeds, results as lines of JSON. */
    every: { type: 'string' },
    only: { type: 'string' },
  },
})

function faultsOf(text: string | undefined): readonly FaultKind[] | undefined {
  if (text === undefined) return undefined
  return text
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const found = FAULTS.find((fault) => fault === name)
      if (found === undefined) throw new Error(`"${name}" is none of ${FAULTS.join(', ')}`)
      return found
    })
}

const faults = faultsOf(options.faults)
const run = (seed: number, keepsLines: boolean): Promise<RunReport> =>
  runSeed({
    seed,
    nodes: Number(options.nodes),
    rageMs: Number(options.minutes) * 60_000,
    keepsLines,
    hostTurn: promiseTurn,
    ...(faults !== undefined && { faults }),
  })

/** One line for each seed, read by the sweep. */
async function worker(every: number): Promise<void> {
  const from = Number(options.from)
  const end = from + Number(options.seeds ?? SWEPT_SEEDS)
  for (let seed = from; seed < end; seed += every) {
    const before = process.cpuUsage()
    const { lines: _, faults: struck, loads, ...report } = await run(seed, false)
    const { user, system } = process.cpuUsage(before)
    const result: SeedResult = {
      ...report,
      faults: Object.fromEntries(struck),
      loads: Object.fromEntries(loads),
      busyMs: (user + system) / 1_000,
    }
    process.stdout.write(`${JSON.stringify(result)}\n`)
    if (options.first && report.violations.length > 0) return
  }
}

async function one(seed: number): Promise<void> {
  const report = await run(seed, true)
  for (const line of report.lines) console.log(line)
  const told = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${count} × ${name}`).join(', ') || 'none'
  console.log(
    `seed ${seed}: ${report.acknowledged} sends acknowledged, ${report.events} events in ${(report.simulatedMs / 1_000).toFixed(1)} virtual seconds; history ${report.hash}`,
  )
  console.log(`faults: ${told(report.faults)}`)
  console.log(`loads: ${told(report.loads)}`)
  for (const violation of report.violations) console.log(`VIOLATION ${violation}`)
  console.log(report.violations.length === 0 ? 'OK' : 'FAILED')
  process.exitCode = report.violations.length === 0 ? 0 : 1
}

if (options.every !== undefined) await worker(Number(options.every))
else if (options.seed !== undefined) await one(Number(options.seed))
else if (options.planted)
  process.exitCode = (await plantAll(options.only ?? null, Number(options.seeds ?? PLANTED_SEEDS))) ? 0 : 1
else {
  const passed = process.argv.slice(2)
  process.exitCode = (await sweep(passed, Number(options.from), Number(options.seeds ?? SWEPT_SEEDS))) ? 0 : 1
}
