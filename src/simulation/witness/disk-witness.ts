/**
 * Looks at the disks of all nodes again and again, and notes what lay there: the replicas of some partitions, as far as they
 * were synced, and the metadata log, whatever their brokers say of it.
 *
 * What happens between two looks it may miss, so what it notes is true but not all there is. It tells no node anything.
 */
import { joinPath } from '../../runtime/disk.ts'
import { decodePartitionOffsets, type PartitionOffset } from '../../storage/checkpoint.ts'
import { decodeMetaProperties } from '../../storage/meta-properties.ts'
import type { History, ReplicaSight } from '../history.ts'
import type { SimulatedNode } from '../simulated-node.ts'
import { contentOf, type LookedAt, ofSynced, ReplicaTrack, unharmed } from './replica-track.ts'

const DATA = '/data'
export const METADATA_TOPIC = '__cluster_metadata'

const CLEANER_FILE = 'cleaner-offset-checkpoint'

interface Watched {
  readonly topic: string
  readonly partition: number
  readonly isCompacted: boolean
}

export class DiskWitness {
  readonly #nodes: readonly SimulatedNode[]
  readonly #history: History
  readonly #partitions: readonly Watched[]
  readonly #tracks = new Map<string, ReplicaTrack>()
  readonly #metadataSeenMs = new Map<string, number>()

  constructor(nodes: readonly SimulatedNode[], history: History, partitions: readonly Watched[]) {
    this.#nodes = nodes
    this.#history = history
    this.#partitions = [{ topic: METADATA_TOPIC, partition: 0, isCompacted: false }, ...partitions]
  }

  /** When that batch of the metadata log was first seen anywhere; Infinity if never. */
  metadataSeenMs(baseOffset: number, epoch: number): number {
    return this.#metadataSeenMs.get(`${baseOffset}@${epoch}`) ?? Number.POSITIVE_INFINITY
  }

  /** Notes what is there now. */
  look(atMs: number): void {
    const replicas = this.#nodes.flatMap((node) =>
      unharmed(node.disk, () => {
        const cleaned = cleanedOffsetsOf(node)
        const directoryId = directoryOf(node)
        return this.#partitions.map((watched) => ({
          ...this.#replica(node, watched, cleaned, atMs),
          directoryId,
        }))
      }),
    )
    this.#history.sights.push({ atMs, replicas })
  }

  #replica(
    node: SimulatedNode,
    { topic, partition, isCompacted }: Watched,
    cleaned: readonly PartitionOffset[],
    atMs: number,
  ): Omit<ReplicaSight, 'directoryId'> {
    const key = `${node.id} ${topic}-${partition}`
    const track = this.#tracks.get(key) ?? new ReplicaTrack(joinPath(DATA, `${topic}-${partition}`))
    this.#tracks.set(key, track)
    const look = (): LookedAt => track.look(node.disk)
    const { batches, fresh, startOffset, isWhole } =
      topic === METADATA_TOPIC ? look() : ofSynced(node.disk, look)
    const count = batches.length
    // Batches that were compacted are others, in the same place.
    for (const batch of isCompacted ? [] : batches.slice(count - fresh)) {
      this.#history.writtenBatches.push({ ...batch, topic, partition, node: node.id })
      const place = `${batch.baseOffset}@${batch.leaderEpoch}`
      if (topic === METADATA_TOPIC && !this.#metadataSeenMs.has(place)) this.#metadataSeenMs.set(place, atMs)
    }
    const isOfIt = (line: PartitionOffset): boolean => line.topic === topic && line.partition === partition
    const cleanedOffset = cleaned.find(isOfIt)?.offset ?? 0
    const held = { batches, count, startOffset, cleanedOffset, isWhole }
    return { topic, partition, node: node.id, ...held }
  }
}

function cleanedOffsetsOf({ disk }: SimulatedNode): readonly PartitionOffset[] {
  const content = contentOf(disk, joinPath(DATA, CLEANER_FILE))
  return (content === null ? null : decodePartitionOffsets(content)) ?? []
}

function directoryOf({ disk }: SimulatedNode): string | null {
  const content = contentOf(disk, joinPath(DATA, 'meta.properties'))
  return content === null ? null : (decodeMetaProperties(content)?.directoryId ?? null)
}
