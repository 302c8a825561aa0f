/**
 * How long `startCluster` takes, and what it weighs: `npm run build && node bench/embedded-start.ts [--starts 200] [--cold 20]`.
 *
 * Warm: one start after the other in one process. Cold: each in a process of its own, from the first line that imports it
 * to a cluster that serves. Memory: of such a process with its cluster, beside one with nothing, in turns.
 *
 * `--other COMMAND --other-stop COMMAND [--turns 5]`: another cluster, which the one starts and the other ends, in turns with
 * ours: one start of it, then as many of ours as make up all of them.
 */
import { execFileSync, execSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { percentile } from './percentile.ts'

const TESTING = new URL('../dist/testing.js', import.meta.url).href
const NODES = 3
const MIB = 2 ** 20

interface Process {
  /** Import and start together. */
  readonly readyMs: number
  readonly startMs: number
  readonly rssBytes: number
}

/** Its answer is read from the last line that it prints. */
function inProcess(code: string): Process {
  const options = ['--input-type=module', '--expose-gc', '-e', code]
  return JSON.parse(execFileSync(process.execPath, options, { encoding: 'utf8' }))
}

const told = `gc(); console.log(JSON.stringify({ readyMs, startMs, rssBytes: process.memoryUsage.rss() }))`
const bare = `const [readyMs, startMs] = [0, 0]; ${told}`
const cold = `
const beganMs = performance.now()
const { startCluster } = await import(${JSON.stringify(TESTING)})
const importedMs = performance.now()
await using cluster = await startCluster({ nodes: ${NODES} })
const readyMs = performance.now() - beganMs
const startMs = performance.now() - importedMs
${told}`

async function warmStarts(count: number): Promise<number[]> {
  const { startCluster } = (await import(TESTING)) as typeof import('../src/embedded/testing.ts')
  const times: number[] = []
  for (let start = 0; start < count; start++) {
    const beganMs = performance.now()
    const cluster = await startCluster({ nodes: NODES })
    times.push(performance.now() - beganMs)
    await cluster.close()
  }
  return times
}

function tell(what: string, times: readonly number[]): void {
  const [p50, p95] = [0.5, 0.95].map((share) => percentile(times, share).toFixed(1))
  console.log(`${what.padEnd(34)} ${String(times.length).padStart(4)} starts   p50 ${p50} ms   p95 ${p95} ms`)
}

/** From the command to its end, when what it starts must serve. */
function otherStart(command: string, stop: string): number {
  const beganMs = performance.now()
  execSync(command, { stdio: 'ignore' })
  const startMs = performance.now() - beganMs
  execSync(stop, { stdio: 'ignore' })
  return startMs
}

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '200' },
    cold: { type: 'string', default: '20' },
    turns: { type: 'string', default: '5' },
    other: { type: 'string' },
    'other-stop': { type: 'string', default: 'true' },
  },
})
const { other, 'other-stop': otherStop } = values
const turns = other === undefined ? 1 : Number(values.turns)
const pairs = Array.from({ length: Number(values.cold) }, () => [inProcess(bare), inProcess(cold)] as const)
tell(
  'cold: startCluster',
  pairs.map(([, { startMs }]) => startMs),
)
tell(
  'cold: import and startCluster',
  pairs.map(([, { readyMs }]) => readyMs),
)
const others: number[] = []
const warm: number[] = []
for (let turn = 0; turn < turns; turn++) {
  if (other !== undefined) others.push(otherStart(other, otherStop))
  warm.push(...(await warmStarts(Math.ceil(Number(values.starts) / turns))))
}
tell('warm: startCluster', warm)
if (others.length > 0) tell('the other cluster, in turns with it', others)
const weights = pairs.map(([nothing, cluster]) => (cluster.rssBytes - nothing.rssBytes) / MIB)
const [least, most] = [Math.min(...weights).toFixed(0), Math.max(...weights).toFixed(0)]
console.log(
  `memory above a bare process: p50 ${percentile(weights, 0.5).toFixed(0)} MiB   ${least} to ${most} MiB`,
)
