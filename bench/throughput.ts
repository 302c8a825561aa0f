/**
 * Broker, skeleton and, when one is named, another broker that speaks Kafka's protocol under the raw load: the same
 * frames, in turns, the figure being CPU per request, which a noisy machine disturbs least.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { holdMemory } from './held-memory.ts'
import { median } from './percentile.ts'
import type { Measurable } from './servers.ts'
import { flushingEach, onBroker, onCluster, onOther, onSkeleton, unflushed } from './sides.ts'

export interface Scenario {
  readonly name: string
  readonly kind: 'produce' | 'fetch'
  readonly sizeBytes: number
  readonly connections: number
  readonly depth: number
  readonly acks: number
  /** CPU of the broker over CPU of the skeleton, at most; undefined: not held to one. */
  readonly ratioMax?: number
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
    name: 'produce 64 KiB',
    kind: 'produce',
    sizeBytes: 64 * 1024,
    connections: 8,
    depth: 2,
    acks: 1,
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
  readonly cpuSecondsPerGigabyte: number
  readonly megabytesPerSecond: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Long enough for the engine to have compiled what is hot, and for the memory of the start to be given back. */
const WARM_UP_MS = 3_000
/** Three processes, each with its own part of the work, share the cores while they compile. */
const CLUSTER_WARM_UP_MS = 10_000
const MEASURE_MS = 1_500

/** Runs one load against a server that is up, on memory that was just touched. */
async function measure(
  server: Measurable,
  topic: string,
  scenario: Scenario,
  warmUpMs = WARM_UP_MS,
): Promise<Measured> {
  const giveMemoryBack = await holdMemory()
  return await runLoad(server, topic, scenario, { warmUpMs, measureMs: MEASURE_MS }, giveMemoryBack)
}

/** Runs the load generator; `warm` is called between its warm-up and the time that it and the CPU are measured. */
export async function runLoad(
  server: Measurable,
  topic: string,
  scenario: Scenario,
  durations: { readonly warmUpMs: number; readonly measureMs: number },
  warm: () => Promise<void> = async () => {},
): Promise<Measured> {
  const options = { ...scenario, ...durations, port: server.port, topic }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.ts'), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let cpuBefore = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'warm') {
      await warm()
      child.stdin.write('go\n')
    } else if (line === 'measuring') cpuBefore = server.cpuSeconds()
    else return measuredOf(JSON.parse(line) as Counted, server.cpuSeconds() - cpuBefore)
  }
  throw new Error('the load ended without a result')
}

interface Counted {
  readonly requests: number
  readonly bytes: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

function measuredOf({ requests, bytes, seconds, p50Ms, p99Ms }: Counted, cpuSeconds: number): Measured {
  return {
    cpuMicrosPerRequest: (cpuSeconds * 1e6) / requests,
    cpuSecondsPerGigabyte: (cpuSeconds * 1e9) / bytes,
    megabytesPerSecond: bytes / 1e6 / seconds,
    requestsPerSecond: requests / seconds,
    p50Ms,
    p99Ms,
  }
}

function medianOf(runs: readonly Measured[]): Measured {
  const of = (pick: (run: Measured) => number): number => median(runs.map(pick))
  return {
    cpuMicrosPerRequest: of((run) => run.cpuMicrosPerRequest),
    cpuSecondsPerGigabyte: of((run) => run.cpuSecondsPerGigabyte),
    megabytesPerSecond: of((run) => run.megabytesPerSecond),
    requestsPerSecond: of((run) => run.requestsPerSecond),
    p50Ms: of((run) => run.p50Ms),
    p99Ms: of((run) => run.p99Ms),
  }
}

export interface Compared {
  readonly broker: Measured
  readonly skeleton: Measured
  readonly other?: Measured
  /** CPU per request of the broker over that of the skeleton. */
  readonly ratio: number
}

/** Runs a scenario `rounds` times on each, in turns, and compares the medians. */
export async function compare(
  scenario: Scenario,
  rounds: number,
  other: Measurable | undefined,
): Promise<Compared> {
  const broker: Measured[] = []
  const skeleton: Measured[] = []
  const others: Measured[] = []
  const load = (server: Measurable, topic: string): Promise<Measured> => measure(server, topic, scenario)
  const turns = [
    async () => skeleton.push(await onSkeleton(load)),
    async () => broker.push(await onBroker(unflushed, load)),
    async () => other !== undefined && others.push(await onOther(other, unflushed, load)),
  ]
  for (let round = 0; round < rounds; round++) {
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn()
  }
  const result = { broker: medianOf(broker), skeleton: medianOf(skeleton) }
  const ratio = result.broker.cpuMicrosPerRequest / result.skeleton.cpuMicrosPerRequest
  return { ...result, ratio, ...(other !== undefined && { other: medianOf(others) }) }
}

export interface Durability {
  readonly durable: Measured
  readonly relaxed: Measured
  readonly other?: Measured
}

/** Throughput of acks=all with group commit, with Kafka's own promise, and of the other broker flushing each batch. */
export async function measureDurability(rounds: number, other: Measurable | undefined): Promise<Durability> {
  const scenario: Scenario = {
    name: 'durable',
    kind: 'produce',
    sizeBytes: 16 * 1024,
    connections: 8,
    depth: 8,
    acks: -1,
  }
  const load = (server: Measurable, topic: string): Promise<Measured> => measure(server, topic, scenario)
  const durable: Measured[] = []
  const relaxed: Measured[] = []
  const others: Measured[] = []
  for (let round = 0; round < rounds; round++) {
    durable.push(await onBroker({}, load))
    relaxed.push(await onBroker(unflushed, load))
    if (other !== undefined) others.push(await onOther(other, flushingEach, load))
  }
  return {
    durable: medianOf(durable),
    relaxed: medianOf(relaxed),
    ...(other !== undefined && { other: medianOf(others) }),
  }
}

export interface Replicated {
  readonly cluster: Measured
  readonly single: Measured
  /** CPU of the three nodes over that of one alone. */
  readonly ratio: number
}

/** acks=all on three nodes that all hold the partition, against one node alone, both on disk before they answer. */
export async function measureReplication(sizeBytes: number, rounds: number): Promise<Replicated> {
  const scenario: Scenario = {
    name: 'replicated',
    kind: 'produce',
    sizeBytes,
    connections: 8,
    depth: 8,
    acks: -1,
  }
  const load = (server: Measurable, topic: string): Promise<Measured> =>
    measure(server, topic, scenario, CLUSTER_WARM_UP_MS)
  const cluster: Measured[] = []
  const single: Measured[] = []
  for (let round = 0; round < rounds; round++) {
    single.push(await onBroker({}, load))
    cluster.push(await onCluster({ 'min.insync.replicas': '2' }, load))
  }
  const result = { cluster: medianOf(cluster), single: medianOf(single) }
  return { ...result, ratio: result.cluster.cpuMicrosPerRequest / result.single.cpuMicrosPerRequest }
}
