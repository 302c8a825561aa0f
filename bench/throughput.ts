/**
 * Broker against skeleton under the raw load: the same frames, one after the other in turns, the figure being
 * CPU per request, which a noisy machine disturbs least.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { batch, metadataFrame, produceFrame } from './frames.ts'
import { type Server, startBroker, startSkeleton } from './servers.ts'
import { ask } from './wire.ts'

interface Scenario {
  readonly name: string
  readonly kind: 'produce' | 'fetch'
  readonly sizeBytes: number
  readonly connections: number
  readonly depth: number
  readonly acks: number
  /** CPU of the broker over CPU of the skeleton, at most. */
  readonly ratioMax: number
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'produce 200 B',
    kind: 'produce',
    sizeBytes: 200,
    connections: 8,
    depth: 32,
    acks: 1,
    ratioMax: 2.5,
  },
  {
    name: 'produce 16 KiB',
    kind: 'produce',
    sizeBytes: 16 * 1024,
    connections: 8,
    depth: 4,
    acks: 1,
    ratioMax: 2,
  },
  {
    name: 'produce 1 MiB',
    kind: 'produce',
    sizeBytes: 1024 * 1024,
    connections: 4,
    depth: 1,
    acks: 1,
    ratioMax: 2,
  },
  {
    name: 'fetch 256 KiB',
    kind: 'fetch',
    sizeBytes: 256 * 1024,
    connections: 8,
    depth: 1,
    acks: 1,
    ratioMax: 1.5,
  },
]

export interface Measured {
  readonly cpuMicrosPerRequest: number
  readonly megabytesPerSecond: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const TOPIC = 'bench'
/** Long enough for the engine to have compiled what is hot, and for the memory of the start to be given back. */
const WARM_UP_MS = 3_000
const MEASURE_MS = 1_500

/** Runs one load against a server that is up; CPU is read while the load measures. */
export function measure(server: Server, load: Omit<Scenario, 'name' | 'ratioMax'>): Promise<Measured> {
  return new Promise((done, fail) => {
    const options = {
      ...load,
      port: server.port,
      topic: TOPIC,
      warmUpMs: WARM_UP_MS,
      measureMs: MEASURE_MS,
      rate: 0,
    }
    const child = spawn(process.execPath, [join(import.meta.dirname, 'load.ts'), JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    let cpuBefore = 0
    child.stdout.on('data', (chunk: Buffer) => {
      if (output === '') cpuBefore = server.cpuSeconds()
      output += chunk.toString()
      const line = output.split('\n')[1]
      if (line === undefined || line === '') return
      const cpuSeconds = server.cpuSeconds() - cpuBefore
      const { requests, bytes, seconds, p50Ms, p99Ms } = JSON.parse(line) as Record<string, number> & {
        requests: number
      }
      done({
        cpuMicrosPerRequest: (cpuSeconds * 1e6) / requests,
        megabytesPerSecond: (bytes ?? 0) / 1e6 / (seconds ?? 1),
        requestsPerSecond: requests / (seconds ?? 1),
        p50Ms: p50Ms ?? Number.NaN,
        p99Ms: p99Ms ?? Number.NaN,
      })
    })
    child.once('exit', (code) => code !== 0 && fail(new Error(`the load ended with ${code}`)))
  })
}

/** A log with enough in it to be fetched from. */
async function fill(server: Server): Promise<void> {
  for (let index = 0; index < 32; index++)
    await ask(server.port, produceFrame(TOPIC, 0, 1, batch(16 * 1024, Date.now())))
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function medianOf(runs: readonly Measured[]): Measured {
  const of = (pick: (run: Measured) => number): number => median(runs.map(pick))
  return {
    cpuMicrosPerRequest: of((run) => run.cpuMicrosPerRequest),
    megabytesPerSecond: of((run) => run.megabytesPerSecond),
    requestsPerSecond: of((run) => run.requestsPerSecond),
    p50Ms: of((run) => run.p50Ms),
    p99Ms: of((run) => run.p99Ms),
  }
}

/** One server for each run, so that neither inherits the other's files or heap. */
async function once(
  kind: 'broker' | 'skeleton',
  scenario: Scenario,
  settings: Record<string, string>,
): Promise<Measured> {
  const server = kind === 'broker' ? await startBroker(settings) : await startSkeleton()
  try {
    if (kind === 'broker') await ask(server.port, metadataFrame(TOPIC))
    if (scenario.kind === 'fetch') await fill(server)
    return await measure(server, scenario)
  } finally {
    await server.close()
  }
}

export interface Compared {
  readonly scenario: Scenario
  readonly broker: Measured
  readonly skeleton: Measured
  readonly ratio: number
}

/** Runs a scenario `rounds` times on each, in turns, and compares the medians. */
export async function compare(
  scenario: Scenario,
  rounds: number,
  settings: Record<string, string> = {},
): Promise<Compared> {
  const broker: Measured[] = []
  const skeleton: Measured[] = []
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['skeleton', 'broker'] as const) : (['broker', 'skeleton'] as const)
    for (const kind of order)
      (kind === 'broker' ? broker : skeleton).push(await once(kind, scenario, settings))
  }
  const result = { scenario, broker: medianOf(broker), skeleton: medianOf(skeleton) }
  return { ...result, ratio: result.broker.cpuMicrosPerRequest / result.skeleton.cpuMicrosPerRequest }
}

/** Throughput of acks=all with group commit, and with Kafka's own promise, in turns. */
export async function measureDurability(rounds: number): Promise<{ durable: Measured; relaxed: Measured }> {
  const scenario: Scenario = {
    name: 'durable',
    kind: 'produce',
    sizeBytes: 16 * 1024,
    connections: 8,
    depth: 32,
    acks: -1,
    ratioMax: 1,
  }
  const durable: Measured[] = []
  const relaxed: Measured[] = []
  for (let round = 0; round < rounds; round++) {
    durable.push(await once('broker', scenario, {}))
    relaxed.push(await once('broker', scenario, { 'log.flush.interval.messages': '9223372036854775807' }))
  }
  return { durable: medianOf(durable), relaxed: medianOf(relaxed) }
}
