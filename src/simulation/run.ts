/**
 * One seed from beginning to end: a cluster, its load, faults, healing, and the judgement of what was seen.
 *
 * Safety phase: the nemesis strikes under load while witnesses look on. Then all heals, and within a bound everything must
 * work again: sends are acknowledged, replicas are in sync. At the end the logs are read and every invariant is asked.
 * Same seed, same code, same result.
 */
import { createTopic } from '../client/admin-topics.ts'
import { finalLog, level, noteMetadata, whole } from './final-state.ts'
import { History } from './history.ts'
import { invariants } from './invariants/index.ts'
import { type FaultKind, Nemesis } from './nemesis/nemesis.ts'
import { Simulation } from './simulation.ts'
import { DiskWitness } from './witness/disk-witness.ts'
import { OverheardQuorum } from './witness/overheard-quorum.ts'
import { CommittingGroup } from './workload/committing-group.ts'
import { GROUP, loadsOf, PARTITIONS, TOPIC } from './workload/loads.ts'

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

const OFFSETS_TOPIC = '__consumer_offsets'
/** All is well again so long after the last fault at the latest. */
const HEAL_MS_MAX = 60_000
/** Time for a load to end what is under way. */
const END_MS_MAX = 120_000
/** Between two looks at the disks. */
const WITNESS_MS = 50
const SETTINGS = {
  'offsets.topic.num.partitions': '2',
  'offsets.topic.replication.factor': '3',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '500',
  'min.insync.replicas': '2',
}
const INDEXES = Array.from({ length: PARTITIONS }, (_, partition) => partition)
const PLAIN = INDEXES.map((partition) => ({ topic: TOPIC, partition }))

export async function runSeed(options: RunOptions): Promise<RunReport> {
  const { seed, nodes, faults, keepsLines = false, hostTurn } = options
  const history = new History()
  const overheard = new OverheardQuorum(history, () => simulation.queue.nowMs)
  const simulation: Simulation = new Simulation({
    seed,
    nodes,
    settings: SETTINGS,
    keepsLines,
    tapPeers: (peers) => overheard.tap(peers),
    hostTurn,
  })
  const nemesis = new Nemesis(simulation, faults)
  const violations: string[] = []
  try {
    await live(simulation, nemesis, history, options)
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

/** All that happens, and all that is noted of it. */
async function live(
  simulation: Simulation,
  nemesis: Nemesis,
  history: History,
  { nodes, rageMs }: RunOptions,
): Promise<void> {
  await simulation.start()
  const admin = simulation.client('admin', { retryMs: HEAL_MS_MAX, requestTimeoutMs: 3_000 })
  const rules = { replicationFactor: Math.min(3, nodes), insyncReplicasMin: Math.min(2, nodes) }
  history.topics.set(TOPIC, rules)
  // Short segments, so that files come into being under faults.
  const configs = { 'min.insync.replicas': String(rules.insyncReplicasMin), 'segment.ms': '1500' }
  await simulation.settled(createTopic(admin, { name: TOPIC, partitions: PARTITIONS, ...rules, configs }))
  const witness = new DiskWitness(simulation.nodes, history, PLAIN)
  let isOver = false
  let isSeen = false
  const watching = watch(simulation, witness, () => isSeen)
  const running = loadsOf(simulation, history).map((load) => load.run(() => isOver))
  await simulation.settled(nemesis.rage(rageMs), 2 * rageMs + END_MS_MAX)
  await simulation.settled(nemesis.heal())
  history.healedMs = simulation.queue.nowMs
  const topics = [TOPIC, OFFSETS_TOPIC]
  await simulation.settled(whole(simulation, admin, topics), HEAL_MS_MAX)
  isOver = true
  await simulation.settled(Promise.all(running), END_MS_MAX)
  await simulation.settled(whole(simulation, admin, topics), HEAL_MS_MAX)
  const looking = new CommittingGroup(admin, history, simulation.random.stream('look'), GROUP, TOPIC)
  await simulation.settled(looking.look(), HEAL_MS_MAX)
  await simulation.settled(level(simulation, admin, PLAIN), HEAL_MS_MAX)
  isSeen = true
  await simulation.settled(watching)
  for (const { topic, partition } of PLAIN)
    history.finalLogs.push(finalLog(simulation.nodes, topic, partition))
  noteMetadata(simulation.nodes, witness, history)
}

async function watch(simulation: Simulation, witness: DiskWitness, isOver: () => boolean): Promise<void> {
  const clock = simulation.clientClock()
  while (!isOver()) {
    witness.look(simulation.queue.nowMs)
    await new Promise<void>((resolve) => clock.schedule(WITNESS_MS, resolve))
  }
}
