/**
 * How long the partitions of a broker cannot be written to when it dies, freezes or stops: three real processes, every
 * partition on all of them, and on each two writers that wait for acks=all, one impatient and one of stock kafkajs.
 *
 *   node test/faults/failover.ts --rounds 30 --fault kill|freeze|stop|none
 *   node test/faults/failover.ts --rounds 30 --fault alone|deaf|mute     (root, Linux: network namespaces)
 *
 * `none` does nothing: it tells what the machine itself does to the writers. The last three cut a node off, from nodes and
 * clients: wholly, only what comes to it, only what leaves it.
 * For each round it prints the longest gap between two acknowledgements on the partitions that the broker led, and on the
 * others, for each kind of writer; and how long the broker, started again, took until it was in every ISR.
 */
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { describeQuorum } from '../../src/protocol/messages/describe-quorum.ts'
import { BrokerCluster } from '../cluster/broker-cluster.ts'
import { RawConnection } from '../cluster/raw-connection.ts'
import { GapWriter } from './gap-writer.ts'
import { leadersBy, leadersOf, type TopicView } from './leaders-of.ts'
import { type Direction, NodeNetworks } from './node-networks.ts'
import { isProgram, numberArgument, pause, until } from './script.ts'
import { StockGapWriter } from './stock-gap-writer.ts'

const TOPIC = 'failover'
const PARTITIONS = 6
/** How long kafkajs waits for an answer where a node falls silent. */
const STOCK_PATIENCE_MS = 1_000

export type Fault = 'kill' | 'freeze' | 'stop' | 'none' | CutFault
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

/** Longest gap between two acknowledgements, in milliseconds. */
interface Gaps {
  readonly ledMs: number
  readonly othersMs: number
}

export interface Round {
  readonly node: number
  readonly wasController: boolean
  readonly raw: Gaps
  readonly stock: Gaps
  /** From its start until it was in every ISR. */
  readonly backMs: number
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
  else if (fault !== 'none') await cluster.kill(node, fault === 'kill' ? 'SIGKILL' : 'SIGTERM')
}

/** Every node says so: one that was cut off still believes what was before. */
async function allBack(cluster: BrokerCluster): Promise<void> {
  await until('every replica in sync', 60_000, async () => {
    const views = await Promise.all(cluster.runningNodes.map((node) => leadersBy(cluster, TOPIC, node)))
    const isWhole = (view: TopicView | null) =>
      view?.size === PARTITIONS && [...view.values()].every(({ inSync }) => inSync.length === 3)
    return views.every(isWhole) ? true : null
  })
}

async function oneRound(scene: Scene, fault: Fault, node: number): Promise<Round> {
  const { cluster, networks } = scene
  const staysSilent = fault === 'freeze' || isCut(fault)
  let avoided = 0
  const indexes = Array.from({ length: PARTITIONS }, (_, index) => index)
  const writers = indexes.map((index) => new GapWriter(cluster, TOPIC, index, () => avoided))
  const stockWriters = indexes.map(
    (index) => new StockGapWriter(cluster, TOPIC, index, staysSilent ? STOCK_PATIENCE_MS : null),
  )
  const loops = [...writers, ...stockWriters].map((writer) => writer.run())
  await pause(1_500)
  const before = await leadersOf(cluster, TOPIC)
  const wasController = (await controllerOf(cluster)) === node
  const struckMs = performance.now()
  // A silent node would be asked again and again; a client that was told by others asks them.
  if (staysSilent) avoided = node
  await strike(scene, fault, node)
  await pause(staysSilent ? 5_000 : 2_000)
  const endMs = performance.now()
  for (const writer of [...writers, ...stockWriters]) writer.stop()
  const gapsOf = (kind: readonly (GapWriter | StockGapWriter)[]): Gaps => {
    const longest = (led: boolean): number =>
      Math.max(
        0,
        ...kind
          .filter(({ partition }) => (before?.get(partition)?.leader === node) === led)
          .map(({ acknowledged }) => acknowledged.gapMs(struckMs, endMs)),
      )
    return { ledMs: longest(true), othersMs: longest(false) }
  }
  const gaps = { raw: gapsOf(writers), stock: gapsOf(stockWriters) }
  const restartedMs = performance.now()
  if (isCut(fault)) networks?.heal()
  else if (fault === 'freeze') cluster.signal(node, 'SIGCONT')
  else if (fault !== 'none') await cluster.startNode(node)
  await allBack(cluster)
  const backMs = performance.now() - restartedMs
  await Promise.all(loops)
  return { node, wasController, ...gaps, backMs }
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
      `${fault} node ${round.node}${round.wasController ? ' (controller)' : ''}: gap ${round.raw.ledMs.toFixed(0)} ms, others ${round.raw.othersMs.toFixed(0)} ms; kafkajs ${round.stock.ledMs.toFixed(0)} ms, others ${round.stock.othersMs.toFixed(0)} ms; back in every ISR after ${round.backMs.toFixed(0)} ms`,
    ),
  )
  const told = (name: string, values: readonly number[]): void =>
    console.log(
      `${name}: p50 ${percentile(values, 0.5).toFixed(0)} p99 ${percentile(values, 0.99).toFixed(0)} worst ${Math.max(...values).toFixed(0)} ms over ${values.length}`,
    )
  const ofController = results.filter((round) => round.wasController)
  for (const [name, kind] of [
    ['', 'raw'],
    ['kafkajs: ', 'stock'],
  ] as const) {
    told(
      `${name}gap`,
      results.map((round) => round[kind].ledMs),
    )
    told(
      `${name}gap, it was the controller`,
      ofController.map((round) => round[kind].ledMs),
    )
    told(
      `${name}gap of others`,
      results.map((round) => round[kind].othersMs),
    )
  }
  told(
    'back in every ISR',
    results.map((round) => round.backMs),
  )
}
