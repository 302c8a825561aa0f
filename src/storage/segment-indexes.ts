/**
 * Builds the offset and time index of a segment anew from its batches (trap 3: they are caches), and tells whether the time
 * index can be believed where it matters.
 */
import { DiskError } from '../runtime/disk.ts'
import { nextOffsetOf } from './batch-facts.ts'
import type { LogState } from './log-state.ts'
import type { Segment } from './segment.ts'
import { scanSegment } from './segment-scan.ts'

/**
 * Whether the segment's largest timestamp, by which it grows old, stands in its batches too: a rotten page may say that all
 * is from long ago. It looks at the index and at one batch. Throws `DiskError`.
 */
export function tellsItsLargestTimestamp(state: LogState, segment: Segment): boolean {
  const { timeIndex, offsetIndex } = segment
  const { last } = timeIndex
  if (last === null || !timeIndex.isSound(Number.POSITIVE_INFINITY)) return false
  let isRight = false
  scanSegment(segment.log, state.environment.buffers, {
    startPosition: offsetIndex.floor(last.offset).position,
    endPosition: segment.writtenBytes,
    verifyFromPosition: Number.POSITIVE_INFINITY,
    offsetMin: segment.baseOffset,
    visit: (facts) => {
      if (nextOffsetOf(facts) <= last.offset) return true
      isRight = facts.baseOffset <= last.offset && facts.maxTimestampMs === last.timestampMs
      return false
    },
  })
  return isRight
}

/** Scans the whole segment; false when it is no whole sequence of batches, or cannot be read. */
export function rebuildIndexes(state: LogState, segment: Segment): boolean {
  const isSealed = segment !== state.segments.active
  try {
    segment.resetIndexes()
    const scanned = scanSegment(segment.log, state.environment.buffers, {
      startPosition: 0,
      endPosition: segment.writtenBytes,
      verifyFromPosition: Number.POSITIVE_INFINITY,
      offsetMin: segment.baseOffset,
      visit: (facts) => {
        segment.noteBatch(facts, facts.position, state.config.indexIntervalBytes)
        return true
      },
    })
    if (isSealed) segment.seal()
    state.environment.events.info('indexes rebuilt', { path: segment.log.path })
    return scanned.fault === null
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}
