/**
 * Builds the offset and time index of a segment anew from its batches (trap 3: they are caches), and tells whether the time
 * index can be believed.
 */
import { DiskError } from '../runtime/disk.ts'
import { nextOffsetOf } from './batch-facts.ts'
import type { LogState } from './log-state.ts'
import type { Segment } from './segment.ts'
import { scanHeaders } from './segment-scan.ts'
import type { TimestampOffset } from './time-index.ts'

/** Whether the batch that the entry names has brought that timestamp: a rotten page may say anything. Throws `DiskError`. */
export function isBorneOut(state: LogState, segment: Segment, entry: TimestampOffset): boolean {
  let isRight = false
  scanHeaders(
    segment,
    state.environment.buffers,
    segment.offsetIndex.floor(entry.offset).position,
    (facts) => {
      if (nextOffsetOf(facts) <= entry.offset) return true
      isRight = facts.baseOffset <= entry.offset && facts.maxTimestampMs === entry.timestampMs
      return false
    },
  )
  return isRight
}

/**
 * Whether the segment's largest timestamp, by which it grows old, stands in its batches too. It looks at the whole time index
 * and at one batch. Throws `DiskError`.
 */
export function tellsItsLargestTimestamp(state: LogState, segment: Segment): boolean {
  const { last } = segment.timeIndex
  if (last === null || !segment.timeIndex.isSound(Number.POSITIVE_INFINITY)) return false
  return isBorneOut(state, segment, last)
}

/**
 * The largest timestamp of a segment that holds something. Of an index that another process left, the last entry is looked at
 * once; where no batch bears it out both indexes are built anew. Throws `DiskError`.
 */
export function provenMaxTimestampMs(state: LogState, segment: Segment): number {
  if (!segment.isTimeIndexProven && segment.writtenBytes > 0) {
    const { last } = segment.timeIndex
    const isRight = last !== null && isBorneOut(state, segment, last)
    // What is on its way to the file would be missing from a new index.
    if (isRight || state.writtenOffset === state.logEndOffset) segment.isTimeIndexProven = true
    if (!isRight && segment.isTimeIndexProven) rebuildIndexes(state, segment)
  }
  return segment.maxTimestampMs
}

/** Scans the whole segment; false when it is no whole sequence of batches, or cannot be read. */
export function rebuildIndexes(state: LogState, segment: Segment): boolean {
  const isSealed = segment !== state.segments.active
  try {
    segment.resetIndexes()
    const scanned = scanHeaders(segment, state.environment.buffers, 0, (facts) => {
      segment.noteBatch(facts, facts.position, state.config.indexIntervalBytes)
      return true
    })
    if (isSealed) segment.seal()
    state.environment.events.info('indexes rebuilt', { path: segment.log.path })
    return scanned.fault === null
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}
