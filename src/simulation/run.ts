/**
 * One seed from beginning to end: a cluster, its load, faults, healing, and the judgement of what was seen.
 *
 * Safety phase: the nemesis strikes under load. Then all heals, and within a bound everything must work again: sends are
 * acknowledged, replicas are in sync. At the end the logs are read and every invariant is asked. Same seed, same code, same result.
 */
import { createTopic, describePartitions } from '../client/admin-topics.ts'
import { ClientError } from '../client/client-error.ts'
import type { Cluster } from '../client/cluster.ts'
import { decodeRecordSet } from '../client/record-set.ts'
import { type FinalLog, History } from './history.ts'
import { invariants } from './invariants/index.ts'
import { type FaultKind, Nemesis } from './nemesis/nemesis.ts'
import type { SimulatedNode } from './simulated-node.ts'
import { Simulation } from './simulation.ts'
import { CommittingGroup } from './workload/committing-group.ts'
import { labelOf, NumberedWriter } from './workload/numbered-writer.ts'
import { TailReader } from './workload/tail-reader.ts'

export interface RunOptions {
  readonly seed: number
  readonly nodes: number
  /** Virtual time under faults. */
  readonly rageMs: number
  readonly faults?: readonly FaultKind[]
  readonly keepsLines?: boolean
  readonly hostTurn: () => Promise<void>
}

export interface RunReport {
  readonly seed: number
  readonly violations: readonly string[]
  /** Of everything that happened. */
  readonly hash: string
  readonly simulatedMs: number
  readonly events: number
  readonly acknowledged: number
  readonly faults: ReadonlyMap<FaultKind, number>
  readonly lines: readonly string[]
}

const TOPIC = 'orders'
const PARTITIONS = 2
const GROUP = 'group'
const OFFSETS_TOPIC = '__consumer_offsets'
/** All is well again so long after the last fault at the latest. */
const HEAL_MS_MAX = 60_000
const LOOK_MS = 100
/** Time for a load to end what is under way. */
const END_MS_MAX = 120_000
const SETTINGS = {
  'offsets.topic.num.partitions': '2',
  'offsets.topic.replication.factor': '3',
  'group.initial.rebalance.delay.ms': '0',
  'min.insync.replicas': '2',
}

interface Load {
  run(isOver: () => boolean): Promise<void>
}

export async function runSeed(options: RunOptions): Promise<RunReport> {
  const { seed, nodes, rageMs, faults, keepsLines = false, hostTurn } = options
  const simulation = new Simulation({ seed, nodes, settings: SETTINGS, keepsLines, hostTurn })
  const history = new History()
  const nemesis = new Nemesis(simulation, faults)
  const violations: string[] = []
  try {
    await simulation.start()
    const admin = simulation.client('admin', { retryMs: HEAL_MS_MAX, requestTimeoutMs: 3_000 })
    const replicationFactor = Math.min(3, nodes)
    // Short segments, so that files come into being under faults.
    const configs = { 'min.insync.replicas': String(Math.min(2, nodes)), 'segment.ms': '1500' }
    await simulation.settled(
      createTopic(admin, { name: TOPIC, partitions: PARTITIONS, replicationFactor, configs }),
    )
    let isOver = false
    const running = loadsOf(simulation, history).map((load) => load.run(() => isOver))
    await simulation.settled(nemesis.rage(rageMs), 2 * rageMs + END_MS_MAX)
    await simulation.settled(nemesis.heal())
    await simulation.settled(whole(simulation, admin), HEAL_MS_MAX)
    isOver = true
    await simulation.settled(Promise.all(running), END_MS_MAX)
    await simulation.settled(whole(simulation, admin), HEAL_MS_MAX)
    const looking = new CommittingGroup(admin, history, simulation.random.stream('look'), GROUP, TOPIC)
    await simulation.settled(looking.look(), HEAL_MS_MAX)
    await simulation.settled(level(simulation, admin), HEAL_MS_MAX)
    history.finalLogs.push(...finalLogs(simulation.nodes))
    for (const [name, invariant] of Object.entries(invariants))
      violations.push(...invariant(history).map((told) => `${name}: ${told}`))
  } catch (error) {
    violations.push(`did not end: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  return {
    seed,
    violations,
    hash: simulation.hash,
    simulatedMs: simulation.queue.nowMs,
    events: simulation.queue.count,
    acknowledged: history.sends.filter(({ outcome }) => outcome === 'acknowledged').length,
    faults: nemesis.counts,
    lines: simulation.transcript.lines,
  }
}

function loadsOf(simulation: Simulation, history: History): readonly Load[] {
  const patient = { retryMs: 60_000, requestTimeoutMs: 2_000, connectTimeoutMs: 1_000 }
  const hasty = { ...patient, retryMs: 0 }
  const loads: Load[] = []
  for (const [index, { acks, idempotent }] of [
    { acks: -1, idempotent: true },
    { acks: -1, idempotent: true },
    { acks: -1, idempotent: false },
    { acks: -1, idempotent: true },
    { acks: 1, idempotent: false },
  ].entries()) {
    const name = `w${index}`
    const client = simulation.client(name, idempotent ? patient : hasty)
    const options = {
      name,
      topic: TOPIC,
      partition: index % PARTITIONS,
      acks: acks === 1 ? 1 : -1,
      idempotent,
    } as const
    loads.push(new NumberedWriter(client, history, simulation.random.stream(name), options))
  }
  loads.push(new TailReader(simulation.client('reader', patient), history, 'reader', TOPIC, PARTITIONS))
  const groups = simulation.client('groups', hasty)
  const random = simulation.random.stream('groups')
  loads.push(new CommittingGroup(groups, history, random, GROUP, TOPIC))
  return loads
}

/** Resolves when every node runs, and every partition has a leader and all its replicas in sync. */
async function whole(simulation: Simulation, admin: Cluster): Promise<void> {
  for (;;) {
    try {
      const topics = await Promise.all(
        [TOPIC, OFFSETS_TOPIC].map((topic) => describePartitions(admin, topic)),
      )
      const isWhole = topics
        .flat()
        .every(
          ({ leaderId, isrNodes, replicaNodes }) => leaderId >= 0 && isrNodes.length === replicaNodes.length,
        )
      if (isWhole && simulation.nodes.every(({ isRunning }) => isRunning)) return
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
    }
    await admin.pause(LOOK_MS)
  }
}

/** Resolves when no replica lags: one that is in sync may still lack what only its leader has acknowledged. */
async function level({ nodes }: Simulation, admin: Cluster): Promise<void> {
  const lags = (partition: number): boolean =>
    new Set(nodes.map((node) => node.segmentBytes(TOPIC, partition).length)).size > 1
  while (Array.from({ length: PARTITIONS }, (_, partition) => lags(partition)).includes(true))
    await admin.pause(LOOK_MS)
}

function finalLogs(nodes: readonly SimulatedNode[]): FinalLog[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const replicas = new Map(nodes.map((node) => [node.id, node.segmentBytes(TOPIC, partition)]))
    const [bytes] = replicas.values()
    const { records } = decodeRecordSet(bytes ?? Buffer.alloc(0), 0)
    return {
      topic: TOPIC,
      partition,
      replicas,
      records: records.map(({ offset, value }) => ({ offset, label: labelOf(value) })),
    }
  })
}
