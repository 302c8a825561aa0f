/**
 * Builds the offset and time index of a segment anew from its batches (trap 3: they are caches).
 */
import { DiskError } from '../runtime/disk.ts'
import type { LogState } from './log-state.ts'
import type { Segment } from './segment.ts'
import { scanSegment } from './segment-scan.ts'

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
