/**
 * Reads what a broker that has stopped in order left of a replica's segments: where each batch lies, and both indexes.
 *
 * It reads the files, never the broker, and judges nothing.
 */
import { maxTimestamp } from '../../protocol/records/batch.ts'
import { joinPath } from '../../runtime/disk.ts'
import { parseSegmentFileName, segmentFileName } from '../../storage/segment-names.ts'
import { readTimestamp } from '../../storage/time-index.ts'
import type { StoppedSegment } from '../history.ts'
import { DATA, type SimulatedNode } from '../simulated-node.ts'
import { contentOf, wholeBatches } from './replica-track.ts'

const ROLES: ReadonlySet<string> = new Set(['log', 'index', 'timeindex'])
const OFFSET_ENTRY_BYTES = 8
const TIME_ENTRY_BYTES = 12

export function stoppedSegments(
  node: SimulatedNode,
  { topic, partition }: { topic: string; partition: number },
): StoppedSegment[] {
  const folder = joinPath(DATA, `${topic}-${partition}`)
  const contentIn = (name: string): Buffer => contentOf(node.disk, joinPath(folder, name)) ?? Buffer.alloc(0)
  // An index without a log is one of a segment without a batch.
  const bases = node.disk.list(folder).flatMap(({ name }) => {
    const parsed = parseSegmentFileName(name)
    return parsed?.stage === 'live' && ROLES.has(parsed.role) ? [parsed.offset] : []
  })
  return [...new Set(bases)].map((baseOffset) => {
    const log = contentIn(segmentFileName(baseOffset, 'log'))
    return {
      topic,
      partition,
      node: node.id,
      baseOffset,
      batches: [...wholeBatches(log)].map(({ lastOffset, position }) => ({
        lastOffset,
        position,
        maxTimestampMs: maxTimestamp(log, position),
      })),
      offsetEntries: entriesOf(
        contentIn(segmentFileName(baseOffset, 'index')),
        OFFSET_ENTRY_BYTES,
        (bytes, at) => ({
          offset: baseOffset + bytes.readInt32BE(at),
          position: bytes.readInt32BE(at + 4),
        }),
      ),
      timeEntries: entriesOf(
        contentIn(segmentFileName(baseOffset, 'timeindex')),
        TIME_ENTRY_BYTES,
        (bytes, at) => ({
          timestampMs: readTimestamp(bytes, at),
          offset: baseOffset + bytes.readInt32BE(at + 8),
        }),
      ),
    }
  })
}

function entriesOf<T>(
  bytes: Buffer,
  entryBytes: number,
  entryAt: (bytes: Buffer, start: number) => T,
): readonly T[] {
  const count = Math.floor(bytes.length / entryBytes)
  return Array.from({ length: count }, (_, index) => entryAt(bytes, index * entryBytes))
}
