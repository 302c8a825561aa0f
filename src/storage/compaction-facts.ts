/** What the plans of retention and compaction are told of a log's segments. */
import { maxTimestamp } from '../protocol/records/batch.ts'
import type { CleanableSegment } from './compaction-plan.ts'
import type { LogState } from './log-state.ts'
import type { RetainedSegment } from './retention.ts'
import type { Segment } from './segment.ts'
import { provenMaxTimestampMs } from './segment-indexes.ts'

export interface CleanableFact extends CleanableSegment {
  readonly segment: Segment
}

const header = Buffer.allocUnsafe(61)

function firstTimestamp(segment: Segment): number {
  if (!Number.isNaN(segment.firstTimestampMs)) return segment.firstTimestampMs
  const got = segment.log.use().readSync(header, 0, header.length, 0)
  return (segment.firstTimestampMs = got === header.length ? maxTimestamp(header, 0) : -1)
}

/** All segments but the active one. Throws `DiskError`. */
export function cleanableSegments(state: LogState): CleanableFact[] {
  const { all } = state.segments
  return all.slice(0, -1).map((segment, index) => ({
    segment,
    baseOffset: segment.baseOffset,
    nextOffset: all[index + 1]?.baseOffset ?? state.logEndOffset,
    sizeBytes: segment.sizeBytes,
    indexBytes: segment.offsetIndex.entries.count * segment.offsetIndex.entries.entryBytes,
    get maxTimestampMs() {
      return provenMaxTimestampMs(state, segment)
    },
    get firstTimestampMs() {
      return firstTimestamp(segment)
    },
  }))
}

/** Times are looked up only when the plan asks: a thousand segments are a thousand small reads. */
export function retainedSegments(state: LogState): RetainedSegment[] {
  const { all } = state.segments
  return all.map((segment, index) => ({
    baseOffset: segment.baseOffset,
    nextOffset: all[index + 1]?.baseOffset ?? state.logEndOffset,
    sizeBytes: segment.sizeBytes,
    modifiedMs: segment.modifiedMs,
    get maxTimestampMs() {
      return segment.maxTimestampMs
    },
  }))
}
