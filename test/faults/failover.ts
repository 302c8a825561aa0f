/**
 * How long the partitions of a broker cannot be written to when it dies, freezes or stops: three real processes, every
 * partition on all of them, a writer on each that waits for acks=all.
 *
 *   node test/faults/failover.ts --rounds 30 --fault kill|freeze|stop
 *   node test/faults/failover.ts --rounds 30 --fault alone|deaf|mute     (root, Linux: network namespaces)
 *
 * The last three cut a node off, from nodes and clients: wholly, only what comes to it, only what leaves it.
 * For each round it prints the longest gap between two acknowledgements on the partitions that the broker led, and on the
 * others; and how long the broker, started again, took until it was in every ISR.
 */
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { describeQuorum } from '../../src/protocol/messages/describe-quorum.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { produce } from '../../src/protocol/messages/produce.ts'
import { BrokerCluster } from '../cluster/broker-cluster.ts'
import { RawConnection } from '../cluster/raw-connection.ts'
import { batchOf } from '../cluster/raw-requests.ts'
import { type Direction, NodeNetworks } from './node-networks.ts'
import { isProgram, numberArgument, pause, until } from './script.ts'

const TOPIC = 'failover'
const PARTITIONS = 6
const RETRY_MS = 5
const ASK_MS = 400

export type Fault = 'kill' | 'freeze' | 'stop' | CutFault
type CutFault = 'alone' | 'deaf' | 'mute'

const CUTS: Readonly<Record<CutFault, readonly Direction[]>> = {
  alone: ['in', 'out'],
  deaf: ['in'],
  mute: ['out'],
}

function isCut(fault: Fault): fault is CutFault {
  return fault in CUTS
}

/** A cluster, and its networks where they are to be cut. */
interface Scene {
  readonly cluster: BrokerCluster
  readonly networks: NodeNetworks | null
}

export interface Round {
  readonly node: number
  readonly wasController: boolean
  /** Longest gap between two acknowledgements, in milliseconds. */
  readonly ledGapMs: number
  readonly otherGapMs: number
  /** From its start until it was in every ISR. */
  readonly backMs: number
}

interface View {
  readonly leaders: ReadonlyMap<number, number>
  readonly inSync: ReadonlyMap<number, readonly number[]>
}

function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** What any node that answers says of the topic. */
async function look(cluster: BrokerCluster, except = 0): Promise<View | null> {
  for (const node of cluster.runningNodes) {
    if (node === except) continue
    let connection: RawConnection | null = null
    try {
      connection = await within(RawConnection.open(cluster.portOf(node), cluster.hostOf(node)), ASK_MS)
      const answer = await within(connection.request(metadata, 9, { topics: [{ name: TOPIC }] }), ASK_MS)
      const partitions = answer.topics[0]?.partitions ?? []
      if (partitions.length < PARTITIONS) continue
      return {
        leaders: new Map(partitions.map((one) => [one.partitionIndex, one.leaderId])),
        inSync: new Map(partitions.map((one) => [one.partitionIndex, one.isrNodes])),
      }
    } catch {
      // The next one may know.
    } finally {
      connection?.close()
    }
  }
  return null
}

/** Writes one record after the other to a partition, wherever it is led, and notes when each was acknowledged. */
class Writer {
  readonly partition: number
  readonly #cluster: BrokerCluster
  readonly #records = batchOf(['x'.repeat(100)])
  readonly #avoided: () => number
  acknowledgedMs: number[] = []
  #stopped = false

  constructor(cluster: BrokerCluster, partition: number, avoided: () => number) {
    this.#cluster = cluster
    this.partition = partition
    this.#avoided = avoided
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const view = await look(this.#cluster, this.#avoided())
      const leader = view?.leaders.get(this.partition) ?? -1
      if (leader > 0 && leader !== this.#avoided()) await this.#writeTo(leader)
      await pause(RETRY_MS)
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async #writeTo(leader: number): Promise<void> {
    let connection: RawConnection | null = null
    try {
      connection = await within(
        RawConnection.open(this.#cluster.portOf(leader), this.#cluster.hostOf(leader)),
        ASK_MS,
      )
      while (!this.#stopped) {
        const request = connection.request(produce, 8, {
          acks: -1,
          timeoutMs: 5_000,
          topicData: [{ name: TOPIC, partitionData: [{ index: this.partition, records: this.#records }] }],
        })
        const answer = await within(request, ASK_MS)
        if (answer.responses[0]?.partitionResponses[0]?.errorCode !== 0) return
        this.acknowledgedMs.push(performance.now())
      }
    } catch {
      // It is gone, or leads no more: look again.
    } finally {
      connection?.close()
    }
  }

  /** The longest time without an acknowledgement from `fromMs` to `toMs`. */
  gapMs(fromMs: number, toMs: number): number {
    let last = this.acknowledgedMs.findLast((atMs) => atMs <= fromMs) ?? fromMs
    let longest = 0
    for (const atMs of this.acknowledgedMs) {
      if (atMs < fromMs) continue
      longest = Math.max(longest, atMs - last)
      last = atMs
    }
    return Math.max(longest, toMs - last)
  }
}

async function controllerOf(cluster: BrokerCluster): Promise<number> {
  const asked = cluster.runningNodes[0] ?? 1
  const connection = await RawConnection.open(cluster.portOf(asked), cluster.hostOf(asked))
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
  const answer = await connection.request(describeQuorum, 0, { topics })
  connection.close()
  return answer.topics[0]?.partitions[0]?.leaderId ?? -1
}

async function strike({ cluster, networks }: Scene, fault: Fault, node: number): Promise<void> {
  if (isCut(fault)) {
    const others = [1, 2, 3].filter((other) => other !== node)
    networks?.cut(node, others, CUTS[fault])
    networks?.cutClients(node, CUTS[fault])
  } else if (fault === 'freeze') cluster.signal(node, 'SIGSTOP')
  else await cluster.kill(node, fault === 'kill' ? 'SIGKILL' : 'SIGTERM')
}

async function allBack(cluster: BrokerCluster): Promise<void> {
  await until('every replica in sync', 60_000, async () => {
    const view = await look(cluster)
    const whole = view !== null && [...view.inSync.values()].every((isr) => isr.length === 3)
    return whole ? true : null
  })
}

async function oneRound(scene: Scene, fault: Fault, node: number): Promise<Round> {
  const { cluster, networks } = scene
  const staysSilent = fault === 'freeze' || isCut(fault)
  let avoided = 0
  const writers = Array.from({ length: PARTITIONS }, (_, index) => new Writer(cluster, index, () => avoided))
  const loops = writers.map((writer) => writer.run())
  await pause(700)
  const before = await look(cluster)
  const wasController = (await controllerOf(cluster)) === node
  const struckMs = performance.now()
  // A silent node would be asked again and again; a client that was told by others asks them.
  if (staysSilent) avoided = node
  await strike(scene, fault, node)
  await pause(staysSilent ? 5_000 : 2_000)
  const endMs = performance.now()
  for (const writer of writers) writer.stop()
  await Promise.all(loops)
  const gapOf = (led: boolean): number =>
    Math.max(
      0,
      ...writers
        .filter(({ partition }) => (before?.leaders.get(partition) === node) === led)
        .map((writer) => writer.gapMs(struckMs, endMs)),
    )
  const restartedMs = performance.now()
  if (isCut(fault)) networks?.heal()
  else if (fault === 'freeze') cluster.signal(node, 'SIGCONT')
  else await cluster.startNode(node)
  await allBack(cluster)
  const backMs = performance.now() - restartedMs
  return { node, wasController, ledGapMs: gapOf(true), otherGapMs: gapOf(false), backMs }
}

/** Asks for preferred leaders again, so that every node leads two partitions at the start of a round. */
async function balance(cluster: BrokerCluster): Promise<void> {
  const { electLeaders } = await import('../../src/protocol/messages/elect-leaders.ts')
  const connection = await RawConnection.open(cluster.portOf(1), cluster.hostOf(1))
  await connection.request(electLeaders, 2, { electionType: 0, topicPartitions: null, timeoutMs: 5_000 })
  connection.close()
}

/** Runs rounds of one fault, each on the next node. */
export async function measureFailover(
  fault: Fault,
  rounds: number,
  told: (round: Round) => void,
): Promise<Round[]> {
  const networks = isCut(fault) ? new NodeNetworks(3) : null
  const places = [1, 2, 3].map((node) =>
    networks === null ? {} : { host: networks.hostOf(node), launcher: networks.launcherOf(node) },
  )
  const cluster = await BrokerCluster.start({ places })
  const results: Round[] = []
  try {
    const connection = await RawConnection.open(cluster.portOf(1), cluster.hostOf(1))
    await connection.request(createTopics, 7, {
      topics: [
        {
          name: TOPIC,
          numPartitions: PARTITIONS,
          replicationFactor: 3,
          assignments: [],
          configs: [{ name: 'min.insync.replicas', value: '2' }],
        },
      ],
      timeoutMs: 10_000,
    })
    connection.close()
    for (let round = 0; round < rounds; round++) {
      await balance(cluster)
      const result = await oneRound({ cluster, networks }, fault, (round % 3) + 1)
      results.push(result)
      told(result)
    }
  } finally {
    await cluster.close()
    networks?.remove()
  }
  return results
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

if (isProgram(import.meta.url)) {
  const at = process.argv.indexOf('--fault')
  const fault = (at < 0 ? 'kill' : process.argv[at + 1]) as Fault
  const results = await measureFailover(fault, numberArgument('rounds', 30), (round) =>
    console.log(
      `${fault} node ${round.node}${round.wasController ? ' (controller)' : ''}: gap ${round.ledGapMs.toFixed(0)} ms, others ${round.otherGapMs.toFixed(0)} ms, back in every ISR after ${round.backMs.toFixed(0)} ms`,
    ),
  )
  const told = (name: string, values: readonly number[]): void =>
    console.log(
      `${name}: p50 ${percentile(values, 0.5).toFixed(0)} p99 ${percentile(values, 0.99).toFixed(0)} worst ${Math.max(...values).toFixed(0)} ms over ${values.length}`,
    )
  told(
    'gap',
    results.map((round) => round.ledGapMs),
  )
  told(
    'gap, it was the controller',
    results.filter((round) => round.wasController).map((round) => round.ledGapMs),
  )
  told(
    'gap of others',
    results.map((round) => round.otherGapMs),
  )
  told(
    'back in every ISR',
    results.map((round) => round.backMs),
  )
}
