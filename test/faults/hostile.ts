/**
 * Attacks a broker in every way that needs no password, and measures what a normal client notices.
 *
 *   node test/faults/hostile.ts --seconds 60          (for each kind of attack)
 *
 * The broker must stay up, grow by 256 MiB at most, keep the normal client's p99 within three times its quiet
 * value, run into no bug, and answer as before when the attack is over.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTopic } from '../../src/client/admin-topics.ts'
import { Producer } from '../../src/client/producer.ts'
import { type BrokerProcess, startBroker } from '../cluster/broker-process.ts'
import { BULK_PARTITIONS, BULK_TOPIC, type HostileKind, KINDS } from './hostile-load.ts'
import { NormalClient } from './normal-client.ts'
import { conclude, isProgram, numberArgument, pause } from './script.ts'
import { connectTo } from './test-client.ts'

const RSS_GROWTH_BYTES_MAX = 256 * 1024 * 1024
const P99_FACTOR_MAX = 3
const BULK_BATCHES_PER_PARTITION = 20
const BULK_BATCH_BYTES = 800_000
const SAMPLE_MS = 200
const PROMPT_MS = 10_000

export interface Phase {
  readonly kind: HostileKind | 'quiet' | 'after'
  readonly rounds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly worstMs: number
  readonly rssMaxBytes: number
  readonly attack: string
}

export interface HostileReport {
  readonly phases: readonly Phase[]
  readonly violations: readonly string[]
}

function residentBytes(pid: number): number {
  if (process.platform !== 'linux')
    return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }))
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return 1024 * Number(found?.[1] ?? 0)
}

function startAttack(kind: HostileKind, port: number, scale: number): ChildProcess {
  const program = join(import.meta.dirname, 'hostile-load.ts')
  return spawn(process.execPath, [program, kind, String(port), String(scale)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Ends the attack; the answer is what it says it did. */
function endAttack(attack: ChildProcess): Promise<string> {
  let said = ''
  attack.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve) => {
    attack.once('close', (code, signal) => resolve(said.trim() || `ended with ${code ?? signal}`))
    attack.kill('SIGTERM')
  })
}

/** Fills a topic with what deaf readers ask for, and makes enough topics for long lists. */
async function prepare(broker: BrokerProcess): Promise<void> {
  const cluster = connectTo(broker.bootstrap, 15_000)
  await createTopic(cluster, {
    name: BULK_TOPIC,
    partitions: BULK_PARTITIONS,
    replicationFactor: 1,
    configs: {},
  })
  const producer = new Producer(cluster)
  for (let batch = 0; batch < BULK_BATCHES_PER_PARTITION; batch++) {
    const records = Array.from({ length: BULK_PARTITIONS }, (_, partition) => ({
      partition,
      value: Buffer.alloc(BULK_BATCH_BYTES, batch),
    }))
    await producer.send(BULK_TOPIC, records)
  }
  for (let index = 0; index < 100; index++)
    await createTopic(cluster, {
      name: `bystander-${index}`,
      partitions: 3,
      replicationFactor: 1,
      configs: {},
    })
  await cluster.close()
}

async function measure(
  broker: BrokerProcess,
  kind: Phase['kind'],
  seconds: number,
  scale: number,
): Promise<Phase> {
  const attack = kind === 'quiet' || kind === 'after' ? null : startAttack(kind, broker.port, scale)
  let rssMaxBytes = 0
  let said = ''
  const sampling = setInterval(() => {
    if (broker.process.exitCode === null)
      rssMaxBytes = Math.max(rssMaxBytes, residentBytes(broker.process.pid ?? 0))
  }, SAMPLE_MS)
  let latencies: number[] = []
  try {
    // The program has to start, and to open its connections, before it disturbs anybody.
    if (attack !== null) await pause(1_000)
    const client = await NormalClient.open(broker.bootstrap)
    latencies = await client.work(seconds * 1_000)
    await client.close()
  } catch (error) {
    said = `the normal client failed: ${error instanceof Error ? error.message : String(error)}; `
  } finally {
    clearInterval(sampling)
    if (attack !== null) said += await endAttack(attack)
  }
  const sorted = latencies.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
  return {
    kind,
    rounds: sorted.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    worstMs: at(1),
    rssMaxBytes,
    attack: said,
  }
}

function judge(phase: Phase, quiet: Phase, p99FactorMax: number, violations: string[]): void {
  const grownBytes = phase.rssMaxBytes - quiet.rssMaxBytes
  if (grownBytes > RSS_GROWTH_BYTES_MAX)
    violations.push(`${phase.kind}: the broker grew by ${(grownBytes / 2 ** 20).toFixed(0)} MiB`)
  if (!(phase.p99Ms <= p99FactorMax * quiet.p99Ms))
    violations.push(
      `${phase.kind}: p99 ${phase.p99Ms.toFixed(1)} ms is more than ${p99FactorMax} x ${quiet.p99Ms.toFixed(1)} ms`,
    )
}

function line(phase: Phase): string {
  const ms = (value: number): string => value.toFixed(1).padStart(7)
  return `${phase.kind.padEnd(9)} ${String(phase.rounds).padStart(6)} rounds, p50 ${ms(phase.p50Ms)} ms, p99 ${ms(phase.p99Ms)} ms, worst ${ms(phase.worstMs)} ms, RSS ${(phase.rssMaxBytes / 2 ** 20).toFixed(0).padStart(4)} MiB${phase.attack === '' ? '' : ` (${phase.attack})`}`
}

export interface HostileOptions {
  readonly seconds: number
  readonly kinds?: readonly HostileKind[]
  /** Share of the connections that each kind opens. */
  readonly scale?: number
  /** The normal client's p99 under attack against its quiet one; 3 unless told otherwise. */
  readonly p99FactorMax?: number
  readonly tell?: (line: string) => void
}

/** Runs the kinds one after the other against one broker. */
export async function runHostile(options: HostileOptions): Promise<HostileReport> {
  const { seconds, kinds = KINDS, scale = 1, p99FactorMax = P99_FACTOR_MAX, tell = () => {} } = options
  const broker = await startBroker()
  const violations: string[] = []
  try {
    await prepare(broker)
    await measure(broker, 'quiet', Math.min(5, seconds), scale)
    const quiet = await measure(broker, 'quiet', seconds, scale)
    tell(line(quiet))
    const phases = [quiet]
    for (const kind of kinds) {
      const said = broker.errors().length
      const phase = await measure(broker, kind, seconds, scale)
      phases.push(phase)
      const lines = broker.errors().slice(said).split('\n').length - 1
      tell(`${line(phase)}, ${lines} log lines`)
      judge(phase, quiet, p99FactorMax, violations)
      const beganMs = performance.now()
      const after = await measure(broker, 'after', Math.min(1, seconds / 4), scale)
      const promptMs = performance.now() - beganMs
      if (after.rounds === 0 || promptMs > PROMPT_MS)
        violations.push(`${kind}: the broker did not answer as before when it was over`)
    }
    if (broker.process.exitCode !== null) violations.push(`the broker ended: ${broker.errors()}`)
    const bug = broker.errors().indexOf('a request failed by a bug')
    if (bug >= 0) violations.push(`a bug: ${broker.errors().slice(bug, bug + 2_000)}`)
    return { phases, violations }
  } finally {
    await broker.close()
  }
}

if (isProgram(import.meta.url)) {
  const at = process.argv.indexOf('--kinds')
  const asked = at < 0 ? null : (process.argv[at + 1] ?? '').split(',')
  const kinds = KINDS.filter((kind) => asked === null || asked.includes(kind))
  const seconds = numberArgument('seconds', 60)
  const report = await runHostile({ seconds, kinds, tell: (text) => console.log(text) })
  conclude(report.violations, 'the broker stayed up, small and prompt')
}
