/**
 * End-to-end latency on each side: the broker with its own promise and with Kafka's, and another broker beside it.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { median } from './percentile.ts'
import type { Measurable } from './servers.ts'
import { flushingEach, onBroker, onCluster, onOther, unflushed } from './sides.ts'
import { runLoad, type Scenario } from './throughput.ts'

const WARM_UP_MS = 10_000
/** Three processes compile what is hot side by side on the cores that the load needs too. */
const CLUSTER_WARM_UP_MS = 30_000
const MEASURE_MS = 5_000
/** The kernel writes back after half a minute what nobody synced, and every sync waits for that: it must not be all that is seen. */
const CLUSTER_MEASURE_MS = 20_000
const twoInSync = { 'min.insync.replicas': '2' }
/** A thousand requests a second take a minute to have the engine compile what is hot; these take two seconds. */
const WARMING: readonly Scenario[] = [
  { name: 'warm produce', kind: 'produce', sizeBytes: 200, connections: 2, depth: 4, acks: 1 },
  { name: 'warm fetch', kind: 'fetch', sizeBytes: 200, connections: 2, depth: 4, acks: 1 },
]

export interface Latencies {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

/** From a producer to a waiting consumer. */
async function endToEnd(
  { port }: Measurable,
  topic: string,
  rate: {
    readonly recordsPerSecond: number
    readonly acks: number
    readonly warmUpMs: number
    readonly measureMs: number
  },
): Promise<Latencies> {
  const options = JSON.stringify({ port, topic, ...rate })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'end-to-end.ts'), options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Latencies
  throw new Error('the load ended without a result')
}

async function endToEndOnOne(server: Measurable, topic: string): Promise<Latencies> {
  for (const scenario of WARMING) await runLoad(server, topic, scenario, { warmUpMs: 500, measureMs: 500 })
  const rate = { recordsPerSecond: 1_000, acks: 1 }
  return await endToEnd(server, topic, { ...rate, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS })
}

function medianOf(runs: readonly Latencies[]): Latencies {
  const of = (pick: (run: Latencies) => number): number => median(runs.map(pick))
  return { p50Ms: of((run) => run.p50Ms), p99Ms: of((run) => run.p99Ms), p999Ms: of((run) => run.p999Ms) }
}

export interface ComparedLatencies {
  readonly onDisk: Latencies
  readonly unflushed: Latencies
  readonly other?: Latencies
  /** Flushing each batch before it is acknowledged. */
  readonly otherFlushing?: Latencies
}

/** Each `rounds` times, in turns; the medians of the percentiles. */
export async function compareLatencies(
  rounds: number,
  other: Measurable | undefined,
): Promise<ComparedLatencies> {
  const onDisk: Latencies[] = []
  const relaxed: Latencies[] = []
  const others: Latencies[] = []
  const othersFlushing: Latencies[] = []
  for (let round = 0; round < rounds; round++) {
    onDisk.push(await onBroker({}, endToEndOnOne))
    relaxed.push(await onBroker(unflushed, endToEndOnOne))
    if (other === undefined) continue
    others.push(await onOther(other, unflushed, endToEndOnOne))
    othersFlushing.push(await onOther(other, flushingEach, endToEndOnOne))
  }
  return {
    onDisk: medianOf(onDisk),
    unflushed: medianOf(relaxed),
    ...(other !== undefined && { other: medianOf(others), otherFlushing: medianOf(othersFlushing) }),
  }
}

/** On a cluster of three with every record on all of them, acks=all: on their disks, or with Kafka's own promise. */
export async function clusterLatencies(
  recordsPerSecond: number,
  rounds: number,
): Promise<{ readonly onDisk: Latencies; readonly unflushed: Latencies }> {
  const load = (server: Measurable, topic: string): Promise<Latencies> =>
    endToEnd(server, topic, {
      recordsPerSecond,
      acks: -1,
      warmUpMs: CLUSTER_WARM_UP_MS,
      measureMs: CLUSTER_MEASURE_MS,
    })
  const onDisk: Latencies[] = []
  const relaxed: Latencies[] = []
  for (let round = 0; round < rounds; round++) {
    onDisk.push(await onCluster(twoInSync, load))
    relaxed.push(await onCluster({ ...twoInSync, ...unflushed }, load))
  }
  return { onDisk: medianOf(onDisk), unflushed: medianOf(relaxed) }
}
