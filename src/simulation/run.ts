/**
 * One seed from beginning to end: a cluster, its load, faults, healing, and the judgement of what was seen.
 *
 * Safety phase: the nemesis strikes under load while witnesses look on. Then all heals, and one thing after the other must
 * come about within its bound: leaders, replicas in sync, answers to every send, readers at the end. At last the logs are
 * read, the nodes stop in order, and every invariant is asked; where something did not come about, that alone is told. Same
 * seed, same code, same result.
 */
import { createTopic } from '../client/admin-topics.ts'
import type { Cluster } from '../client/cluster.ts'
import { sizeOf } from './cluster-size.ts'
import * as final from './final-state.ts'
import { History } from './history.ts'
import { comesAboutInTime } from './invariants/comes-about-in-time.ts'
import { invariants } from './invariants/index.ts'
import { FaultAtlas } from './nemesis/fault-atlas.ts'
import { type FaultKind, Nemesis } from './nemesis/nemesis.ts'
import { SeededRandom } from './seeded-random.ts'
import { Simulation } from './simulation.ts'
import { DiskWitness } from './witness/disk-witness.ts'
import { knownBrokers } from './witness/known-brokers.ts'
import { OverheardProposals } from './witness/overheard-proposals.ts'
import { OverheardQuorum } from './witness/overheard-quorum.ts'
import { recordedVote } from './witness/recorded-vote.ts'
import { CommittingGroup } from './workload/committing-group.ts'
import { GROUP, type Load, loadsOf } from './workload/loads.ts'
import { partitionsOf, type SimulatedTopic, TOPIC, topicsOf } from './workload/topics.ts'

export interface RunOptions {
  readonly seed: number
  readonly nodes: number
  /** Virtual time under faults. */
  readonly rageMs: number
  readonly faults?: readonly FaultKind[]
  readonly keepsLines?: boolean
  /** It ends with the rage, without healing and without judgement: only what happened is asked for. */
  readonly isCutShort?: boolean
  readonly hostTurn: () => Promise<void>
}

export interface RunReport {
  readonly seed: number
  readonly violations: readonly string[]
  /** Of everything that happened. */
  readonly hash: string
  readonly simulatedMs: number
  readonly events: number
  readonly sends: number
  readonly acknowledged: number
  readonly faults: ReadonlyMap<FaultKind, number>
  /** How many loads of each kind ran. */
  readonly loads: ReadonlyMap<string, number>
  readonly lines: readonly string[]
}

const OFFSETS_TOPIC = '__consumer_offsets'
/** Bounds of what must come about after the last fault. */
const LED_MS_MAX = 20_000
const WHOLE_MS_MAX = 60_000
const RESOLVED_MS_MAX = 120_000
const READ_MS_MAX = 20_000
const TOLD_MS_MAX = 60_000
const STOPPED_MS_MAX = 60_000
/** The nemesis ends what it has begun. */
const RAGE_END_MS_MAX = 120_000
/** Between two looks at the disks. */
const WITNESS_MS = 50
const SETTINGS = {
  'offsets.topic.num.partitions': '2',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '500',
  'log.retention.check.interval.ms': '500',
  'log.cleaner.backoff.ms': '300',
  // A broker whose clock is wrong must not refuse what a client's clock says.
  'log.message.timestamp.after.max.ms': '9223372036854775807',
}

/** How long a follower may lack something: so long that nobody leaves the ISR for it, or so short that many do. */
const LAG_MS_MAX = [30_000, 3_000, 700] as const

/** How soon a broker of which nothing is heard is fenced: seldom while it is cut off, or often while it goes on as leader. */
const SESSION_MS_MAX = [2_500, 800] as const

/** Between two times at which brokers write down where their logs stand. */
const CHECKPOINT_MS = [5_000, 300] as const

function settingsOf(seed: number, nodes: number): Readonly<Record<string, string>> {
  const random = new SeededRandom(seed).stream('settings')
  const { replicationFactor, insyncMin } = sizeOf(nodes)
  return {
    ...SETTINGS,
    'replica.lag.time.max.ms': String(random.pick(LAG_MS_MAX)),
    'broker.session.timeout.ms': String(random.pick(SESSION_MS_MAX)),
    'replica.high.watermark.checkpoint.interval.ms': String(random.pick(CHECKPOINT_MS)),
    'default.replication.factor': String(replicationFactor),
    'offsets.topic.replication.factor': String(replicationFactor),
    'min.insync.replicas': String(insyncMin),
  }
}

export async function runSeed(options: RunOptions): Promise<RunReport> {
  const { seed, nodes, faults, keepsLines = false, isCutShort = false, hostTurn } = options
  const history = new History()
  let stage: Stage | null = null
  const look = (): void => stage?.look()
  const nowMs = (): number => simulation.queue.nowMs
  const voteOf = (nodeId: number) => {
    const voter = simulation.machines.find(({ id }) => id === nodeId)
    return voter === undefined ? null : recordedVote(voter)
  }
  const quorum = new OverheardQuorum(history, nowMs, look, voteOf)
  const proposals = new OverheardProposals(history, nowMs, look)
  const simulation: Simulation = new Simulation({
    seed,
    nodes,
    settings: settingsOf(seed, nodes),
    keepsLines,
    surroundings: {
      tapPeers: (peers) => proposals.tap(quorum.tap(peers)),
      around: (nodeId) => knownBrokers(history, nowMs, nodeId),
    },
    hostTurn,
  })
  const atlas = new FaultAtlas(sizeOf(nodes))
  const nemesis = new Nemesis(simulation, atlas, faults)
  const topics = topicsOf(simulation.random.stream('topics'))
  const loads = loadsOf(simulation, history, topics, atlas)
  const violations: string[] = []
  try {
    stage = new Stage(simulation, history, topics)
    await stage.begin(loads)
    if (isCutShort) await stage.pass(nemesis, options.rageMs)
    else violations.push(...(await judged(stage, nemesis, options.rageMs, history)))
  } catch (error) {
    violations.push(`did not end: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  return {
    seed,
    violations,
    hash: simulation.hash,
    simulatedMs: simulation.queue.nowMs,
    events: simulation.queue.count,
    sends: history.sends.length + history.keyedSends.length,
    acknowledged: history.sends.filter(({ outcome }) => outcome === 'acknowledged').length,
    faults: nemesis.counts,
    loads: new Map([...Map.groupBy(loads, ({ name }) => name)].map(([name, { length }]) => [name, length])),
    lines: simulation.transcript.lines,
  }
}

/** All that broke an invariant; where something did not come about in its time, that alone is told. */
async function judged(
  stage: Stage,
  nemesis: Nemesis,
  rageMs: number,
  history: History,
): Promise<readonly string[]> {
  const isWell = (await stage.rage(nemesis, rageMs)) && (await stage.end())
  const asked = isWell ? Object.entries(invariants) : [['all is well in time', comesAboutInTime] as const]
  return asked.flatMap(([name, invariant]) => invariant(history).map((told) => `${name}: ${told}`))
}

/** What happens, phase by phase, and all that is noted of it. */
class Stage {
  readonly #simulation: Simulation
  readonly #history: History
  readonly #topics: readonly SimulatedTopic[]
  readonly #admin: Cluster
  readonly #witness: DiskWitness
  #isOver = false
  #isRead = false
  #isSeen = false
  #running: Promise<unknown> = Promise.resolve()
  #reading: Promise<unknown> = Promise.resolve()
  #watching: Promise<void> = Promise.resolve()

  constructor(simulation: Simulation, history: History, topics: readonly SimulatedTopic[]) {
    this.#simulation = simulation
    this.#history = history
    this.#topics = topics
    this.#admin = simulation.client('admin', { retryMs: WHOLE_MS_MAX, requestTimeoutMs: 3_000 })
    this.#witness = new DiskWitness(simulation.machines, history, this.#watchedPlaces())
  }

  #watchedPlaces(): (final.Place & { readonly isCompacted: boolean })[] {
    return [
      ...this.#places('plain', 'wandering', 'brief').map((place) => ({ ...place, isCompacted: false })),
      ...this.#places('compacted').map((place) => ({ ...place, isCompacted: true })),
    ]
  }

  #places(...policies: readonly SimulatedTopic['policy'][]): readonly final.Place[] {
    return partitionsOf(this.#topics.filter(({ policy }) => policies.includes(policy)))
  }

  /** Starts the cluster, its load and its witnesses. */
  async begin(loads: readonly Load[]): Promise<void> {
    await this.#simulation.start()
    for (const topic of this.#topics) await this.#create(topic)
    this.#watching = this.#watch()
    const run = (isReader: boolean, isOver: () => boolean): Promise<unknown> =>
      Promise.all(loads.filter((load) => load.isReader === isReader).map((load) => load.run(isOver)))
    this.#reading = run(true, () => this.#isRead)
    this.#running = run(false, () => this.#isOver)
  }

  /** Faults for that long, and nothing more. */
  async pass(nemesis: Nemesis, ms: number): Promise<void> {
    void nemesis.rage(ms)
    await this.#simulation.pass(ms)
  }

  /** Load under faults, then healing; false when the cluster does not become well. */
  async rage(nemesis: Nemesis, rageMs: number): Promise<boolean> {
    const simulation = this.#simulation
    await simulation.settled(nemesis.rage(rageMs), 2 * rageMs + RAGE_END_MS_MAX)
    await simulation.settled(nemesis.heal())
    this.#history.ruins = nemesis.ruins
    this.#history.healedMs = simulation.queue.nowMs
    const admin = this.#admin
    const names = [...this.#topics.map(({ name }) => name), OFFSETS_TOPIC]
    const whole = () => final.whole(simulation, admin, names)
    if (!(await this.#reaches('every partition is led', final.led(admin, names), LED_MS_MAX))) return false
    if (!(await this.#reaches('every replica is in sync', whole(), WHOLE_MS_MAX))) return false
    this.#isOver = true
    if (!(await this.#reaches('every request is resolved', this.#running, RESOLVED_MS_MAX))) return false
    if (!(await this.#reaches('every replica is in sync at the end', whole(), WHOLE_MS_MAX))) return false
    const read = final.caughtUp(admin, this.#history, this.#places('plain', 'wandering', 'brief'))
    if (!(await this.#reaches('readers have read everything', read, READ_MS_MAX))) return false
    this.#isRead = true
    return await this.#reaches('every reader has ended', this.#reading, RESOLVED_MS_MAX)
  }

  /** Notes what lies on the disks at this moment, as long as anybody asks. */
  look(): void {
    if (!this.#isSeen) this.#witness.look(this.#simulation.queue.nowMs)
  }

  async #create({ name, partitions, policy, configs }: SimulatedTopic): Promise<void> {
    const { replicationFactor, insyncMin } = sizeOf(this.#simulation.nodes.length)
    this.#history.topics.set(name, {
      disksMin: policy === 'plain' ? insyncMin : 0,
      isBrief: policy === 'brief',
    })
    const asked = { ...configs, 'min.insync.replicas': String(insyncMin) }
    const topic = { name, partitions, replicationFactor, configs: asked }
    await this.#simulation.settled(createTopic(this.#admin, topic))
  }

  async #watch(): Promise<void> {
    const clock = this.#simulation.clientClock()
    while (!this.#isSeen) {
      this.look()
      await new Promise<void>((resolve) => clock.schedule(WITNESS_MS, resolve))
    }
  }

  /** Lets time pass until that has come about, and notes how long it took; false when it did not in its time. */
  async #reaches(what: string, work: Promise<unknown>, limitMs: number): Promise<boolean> {
    const beganMs = this.#simulation.queue.nowMs
    let isReached = false
    const reached = work.then(() => {
      isReached = true
    })
    try {
      await this.#simulation.settled(reached, limitMs)
    } catch (error) {
      // Only that it took too long is told; what failed is told as it is.
      if (this.#simulation.queue.nowMs < beganMs + limitMs) throw error
    }
    const tookMs = isReached ? this.#simulation.queue.nowMs - beganMs : Number.POSITIVE_INFINITY
    this.#history.milestones.push({ what, tookMs, limitMs })
    return isReached
  }

  /** Asks the last questions and takes down what lies on the disks; false when there is no answer in time. */
  async end(): Promise<boolean> {
    const simulation = this.#simulation
    const admin = this.#admin
    const history = this.#history
    const plain = this.#places('plain')
    const logs = this.#places('plain', 'wandering', 'brief')
    const looking = new CommittingGroup(admin, history, simulation.random.stream('look'), GROUP, TOPIC)
    const level = final.level(simulation, admin, this.#places('plain', 'wandering', 'brief', 'compacted'))
    if (!(await this.#reaches('replicas are level', level, WHOLE_MS_MAX))) return false
    this.#isSeen = true
    const asked = async (): Promise<void> => {
      await this.#watching
      await admin.retrying(() => looking.look())
      await final.noteLogs(simulation, admin, history, logs)
      await final.lookUpTimes(admin, history, simulation.random.stream('times'), plain)
      await final.askForTopics(simulation, admin, history)
    }
    if (!(await this.#reaches('the last questions are answered', asked(), TOLD_MS_MAX))) return false
    final.noteKeyedLogs(simulation, history, this.#places('compacted'))
    final.noteMetadata(simulation.nodes, this.#witness, history)
    if (!(await this.#reaches('every node has stopped', final.stopAll(simulation), STOPPED_MS_MAX)))
      return false
    final.noteStopped(simulation, history, this.#watchedPlaces())
    return true
  }
}
