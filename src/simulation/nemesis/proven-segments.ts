/**
 * The parts of segments on a disk that its recovery points cover: what its broker knows to have been synced.
 *
 * Above them a bad batch looks like the end of a torn write, after an unclean stop, and is cut: there Kafka's formats let
 * nobody tell rot from a write that was never acknowledged. It reads a disk that nobody uses.
 */
import { baseOffset, batchSizeBytes } from '../../protocol/records/batch.ts'
import type { MemoryDisk } from '../../runtime/memory-disk.ts'
import { readSmallFile } from '../../storage/atomic-file.ts'
import { decodePartitionOffsets } from '../../storage/checkpoint.ts'
import { NEW_LOG_FILE } from '../../storage/stale-lines.ts'
import { DATA } from '../simulated-node.ts'

export interface ProvenSegment {
  /** The partition's. */
  readonly folder: string
  readonly path: string
  /** From the beginning on, so many are proven; more than none. */
  readonly sizeBytes: number
}

/** Of topics: a metadata log that is not whole ends its node, which somebody has to set up anew. */
export function provenSegments(disk: MemoryDisk): ProvenSegment[] {
  const content = readSmallFile(disk, `${DATA}/recovery-point-offset-checkpoint`)
  const points = content === null ? null : decodePartitionOffsets(content)
  const segments: ProvenSegment[] = []
  for (const { topic, partition, offset } of points ?? []) {
    const folder = `${topic}-${partition}`
    if (topic === '__cluster_metadata' || disk.status(`${DATA}/${folder}`) === null) continue
    // The line may be of another log, which had that name before.
    if (disk.status(`${DATA}/${folder}/${NEW_LOG_FILE}`) !== null) continue
    for (const { name } of disk.list(`${DATA}/${folder}`)) {
      if (!name.endsWith('.log')) continue
      const path = `${DATA}/${folder}/${name}`
      const sizeBytes = sizeBelow(readSmallFile(disk, path) ?? Buffer.alloc(0), offset)
      if (sizeBytes > 0) segments.push({ folder, path, sizeBytes })
    }
  }
  return segments
}

/** Bytes of the whole batches that lie below the offset. */
function sizeBelow(segment: Buffer, offset: number): number {
  let position = 0
  while (segment.length - position >= 12 && baseOffset(segment, position) < offset) {
    const end = position + batchSizeBytes(segment, position)
    if (end > segment.length || end <= position) break
    position = end
  }
  return position
}
