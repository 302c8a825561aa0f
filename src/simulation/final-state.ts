/**
 * What a simulation has come to when all is healed: waits until the cluster is whole and its replicas are level, then
 * takes down what lies on the disks.
 */
import { describePartitions } from '../client/admin-topics.ts'
import { ClientError } from '../client/client-error.ts'
import type { Cluster } from '../client/cluster.ts'
import { decodeRecordSet } from '../client/record-set.ts'
import type { FinalLog, History } from './history.ts'
import type { SimulatedNode } from './simulated-node.ts'
import type { Simulation } from './simulation.ts'
import { type DiskWitness, METADATA_TOPIC } from './witness/disk-witness.ts'
import { metadataStates } from './witness/metadata-states.ts'
import { wholeBatches } from './witness/replica-track.ts'
import { labelOf } from './workload/numbered-writer.ts'

const LOOK_MS = 100

/** Resolves when every node runs, and every partition of the topics has a leader and all its replicas in sync. */
export async function whole(simulation: Simulation, admin: Cluster, names: readonly string[]): Promise<void> {
  for (;;) {
    try {
      const topics = await Promise.all(names.map((topic) => describePartitions(admin, topic)))
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
export async function level(
  { nodes }: Simulation,
  admin: Cluster,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Promise<void> {
  const lags = ({ topic, partition }: { topic: string; partition: number }): boolean =>
    new Set(nodes.map((node) => node.segmentBytes(topic, partition).length)).size > 1
  while (partitions.some(lags)) await admin.pause(LOOK_MS)
}

/** Every replica of a partition, and what it holds. */
export function finalLog(nodes: readonly SimulatedNode[], topic: string, partition: number): FinalLog {
  const replicas = new Map(nodes.map((node) => [node.id, node.segmentBytes(topic, partition)]))
  const [bytes = Buffer.alloc(0)] = replicas.values()
  const { records } = decodeRecordSet(bytes, 0)
  return {
    topic,
    partition,
    replicas,
    batches: [...wholeBatches(bytes)],
    records: records.map(({ offset, value }) => ({ offset, label: labelOf(value) })),
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
