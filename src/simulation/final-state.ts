/**
 * What a simulation has come to when all is healed: what must have come about by then, and what lies on the disks.
 */
import { quorumOf } from '../client/admin-cluster.ts'
import { describePartitions, type PartitionDescription } from '../client/admin-topics.ts'
import { ClientError } from '../client/client-error.ts'
import type { Cluster } from '../client/cluster.ts'
import { EARLIEST, LATEST, lookUpOffset } from '../client/fetcher.ts'
import { decodeRecordSet, type ReceivedRecord } from '../client/record-set.ts'
import { metadata } from '../protocol/messages/metadata.ts'
import { joinPath } from '../runtime/disk.ts'
import type { FinalLog, History } from './history.ts'
import type { SeededRandom } from './seeded-random.ts'
import { DATA, type SimulatedNode } from './simulated-node.ts'
import type { Simulation } from './simulation.ts'
import { type DiskWitness, METADATA_TOPIC } from './witness/disk-witness.ts'
import { metadataStates } from './witness/metadata-states.ts'
import { wholeBatches } from './witness/replica-track.ts'
import { stoppedReplica } from './witness/stopped-replica.ts'
import { stoppedSegments } from './witness/stopped-segments.ts'
import { labelOf } from './workload/numbered-writer.ts'

export interface Place {
  readonly topic: string
  readonly partition: number
}

const LOOK_MS = 100
const TIME_LOOKUPS = 8

/** Resolves when that is so; what cannot be asked now is not so. */
async function until(admin: Cluster, isSo: () => Promise<boolean>): Promise<void> {
  for (;;) {
    try {
      if (await isSo()) return
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
    }
    await admin.pause(LOOK_MS)
  }
}

async function every(
  admin: Cluster,
  topics: readonly string[],
  isSo: (partition: PartitionDescription) => boolean,
): Promise<boolean> {
  const described = await Promise.all(topics.map((topic) => describePartitions(admin, topic)))
  return described.flat().every(isSo)
}

/** Resolves when every partition of the topics has a leader. */
export function led(admin: Cluster, topics: readonly string[]): Promise<void> {
  return until(admin, () => every(admin, topics, ({ leaderId }) => leaderId >= 0))
}

/** Resolves when every node runs, and every partition of the topics has a leader and all its replicas in sync. */
export function whole(simulation: Simulation, admin: Cluster, topics: readonly string[]): Promise<void> {
  return until(admin, async () => {
    const isWhole = await every(
      admin,
      topics,
      ({ leaderId, isrNodes, replicaNodes }) => leaderId >= 0 && isrNodes.length === replicaNodes.length,
    )
    return isWhole && simulation.nodes.every(({ isRunning }) => isRunning)
  })
}

/** Resolves when somebody has read the last record of every partition. */
export function caughtUp(admin: Cluster, history: History, places: readonly Place[]): Promise<void> {
  const isRead = async ({ topic, partition }: Place): Promise<boolean> => {
    const end = await lookUpOffset(admin, topic, partition, LATEST)
    const last = history.reads.findLast((read) => read.topic === topic && read.partition === partition)
    return (last?.offset ?? -1) + 1 >= end || (await lookUpOffset(admin, topic, partition, EARLIEST)) >= end
  }
  return until(admin, async () => (await Promise.all(places.map(isRead))).every((read) => read))
}

/**
 * Resolves when no replica lags: one that is in sync may still lack what only its leader has acknowledged. Nor does the quorum
 * hold anything that is not committed: after a cut there may be no controller yet, while topics are served as ever.
 */
export function level({ nodes }: Simulation, admin: Cluster, places: readonly Place[]): Promise<void> {
  const lags = ({ topic, partition }: Place): boolean => {
    const ends = holders(nodes, topic, partition)
      .map((node) => [...wholeBatches(node.segmentBytes(topic, partition))].at(-1)?.lastOffset)
      // Where retention took everything nothing lags.
      .filter((end) => end !== undefined)
    return new Set(ends).size > 1
  }
  return until(admin, async () => !places.some(lags) && (await isAllCommitted(admin)))
}

async function isAllCommitted(admin: Cluster): Promise<boolean> {
  const { leaderId, currentVoters, highWatermark } = (await quorumOf(admin)).quorum
  return leaderId >= 0 && currentVoters.every(({ logEndOffset }) => logEndOffset <= highWatermark)
}

function holders(
  nodes: readonly SimulatedNode[],
  topic: string,
  partition: number,
): readonly SimulatedNode[] {
  const folder = joinPath(DATA, `${topic}-${partition}`)
  return nodes.filter((node) => node.disk.status(folder)?.kind === 'directory')
}

/** Takes down every replica of some partitions, and the records as their leader has them, from where it says they begin. */
export async function noteLogs(
  { nodes }: Simulation,
  admin: Cluster,
  history: History,
  places: readonly Place[],
): Promise<void> {
  for (const { topic, partition } of places) {
    const leader = await admin.leader(topic, partition)
    const replicas = new Map(
      holders(nodes, topic, partition).map((node) => [node.id, node.segmentBytes(topic, partition)]),
    )
    // Where it begins is asked last: what retention deletes meanwhile lies before that.
    const startOffset = await lookUpOffset(admin, topic, partition, EARLIEST)
    history.finalLogs.push(finalLog(topic, partition, replicas, leader, startOffset))
  }
}

function finalLog(
  topic: string,
  partition: number,
  replicas: ReadonlyMap<number, Buffer>,
  leader: number,
  startOffset: number,
): FinalLog {
  const bytes = replicas.get(leader) ?? Buffer.alloc(0)
  return {
    topic,
    partition,
    startOffset,
    replicas,
    batches: [...wholeBatches(bytes)],
    records: recordsOf(bytes)
      .filter(({ offset }) => offset >= startOffset)
      .map(({ offset, value, timestampMs }) => ({ offset, label: labelOf(value), timestampMs })),
  }
}

function recordsOf(bytes: Buffer): readonly ReceivedRecord[] {
  return decodeRecordSet(bytes, 0).records
}

/** Stops every node in order, as an administrator would, one after the other. */
export async function stopAll({ nodes }: Simulation): Promise<void> {
  for (const node of nodes) await node.stop()
}

/** Takes down what brokers that have stopped left of some partitions. */
export function noteStopped(
  { nodes }: Simulation,
  history: History,
  places: readonly (Place & { readonly isCompacted: boolean })[],
): void {
  for (const place of places)
    for (const node of holders(nodes, place.topic, place.partition)) {
      history.stoppedReplicas.push(stoppedReplica(node, place))
      history.stoppedSegments.push(...stoppedSegments(node, place))
    }
}

/** Takes down what each replica of compacted partitions has kept. */
export function noteKeyedLogs({ nodes }: Simulation, history: History, places: readonly Place[]): void {
  for (const { topic, partition } of places)
    for (const node of holders(nodes, topic, partition))
      history.keyedLogs.push({
        topic,
        partition,
        node: node.id,
        records: recordsOf(node.segmentBytes(topic, partition)).map(({ offset, key, value }) => ({
          offset,
          key: String(key),
          label: value === null ? null : String(value),
        })),
      })
}

/** Asks for times that are in the logs, and for some that are not; half of them where another record becomes the first. */
export async function lookUpTimes(
  admin: Cluster,
  history: History,
  random: SeededRandom,
  places: readonly Place[],
): Promise<void> {
  for (const { topic, partition } of places) {
    const records = history.finalLogs.find(
      (log) => log.topic === topic && log.partition === partition,
    )?.records
    if (records === undefined || records.length === 0) continue
    let latestMs = -1
    const latest = records.filter(({ timestampMs }) => {
      const isLater = timestampMs > latestMs
      latestMs = Math.max(latestMs, timestampMs)
      return isLater
    })
    for (let lookup = 0; lookup < TIME_LOOKUPS; lookup++) {
      const { timestampMs: nearMs } = random.pick(lookup % 2 === 0 ? records : latest)
      const timestampMs = nearMs + random.below(3) - 1
      const offset = await lookUpOffset(admin, topic, partition, BigInt(timestampMs))
      history.timeLookups.push({ topic, partition, timestampMs, offset })
    }
  }
}

/**
 * What every node tells of the topics, one after the other; one that is still frozen is asked until it is not, and all are
 * asked again until they tell the same: what got stuck on the way to one before the healing comes seconds after it.
 */
export async function askForTopics({ nodes }: Simulation, admin: Cluster, history: History): Promise<void> {
  const { toldTopics } = history
  for (;;) {
    for (const { id } of nodes) {
      const ask = () => admin.request(id, metadata, { topics: null, allowAutoTopicCreation: false })
      const { topics } = await admin.retrying(ask)
      toldTopics.set(id, topics.map(({ name, partitions }) => `${name} ${partitions.length}`).sort())
    }
    if (new Set([...toldTopics.values()].map(String)).size === 1) return
    await admin.pause(LOOK_MS)
  }
}

/** The metadata log of every node, and what it made of the cluster from its beginning on. */
export function noteMetadata(nodes: readonly SimulatedNode[], witness: DiskWitness, history: History): void {
  let longest: Buffer = Buffer.alloc(0)
  for (const node of nodes) {
    const bytes = node.segmentBytes(METADATA_TOPIC, 0)
    history.metadataLogs.set(node.id, [...wholeBatches(bytes)])
    if (bytes.length > longest.length) longest = bytes
  }
  history.metadataStates = metadataStates(longest, (offset, epoch) => witness.metadataSeenMs(offset, epoch))
}
