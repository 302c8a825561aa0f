/**
 * Decides whether a compacted log is worth cleaning, up to where, and which segments become one.
 *
 * Plan: facts in, steps out (Kafka's LogCleanerManager). The active segment, what is not stable below the high
 * watermark, and what is younger than the minimum lag are never touched.
 */
import type { LogConfig } from './log-config.ts'

export interface CleanableSegment {
  readonly baseOffset: number
  /** Base of the next segment. */
  readonly nextOffset: number
  readonly sizeBytes: number
  readonly indexBytes: number
  /** -1 when its records have no timestamp. */
  readonly maxTimestampMs: number
  /** Of its first batch; -1 when unknown. */
  readonly firstTimestampMs: number
}

export interface CleaningFacts {
  readonly nowMs: number
  readonly logStartOffset: number
  /** Everything below is decided, replicated and on the disk. */
  readonly stableOffset: number
  /** Where the last cleaning stopped; null when there was none. */
  readonly cleanedOffset: number | null
  /** All segments but the active one, oldest first. */
  readonly sealed: readonly CleanableSegment[]
  readonly activeBaseOffset: number
  readonly config: Pick<
    LogConfig,
    | 'minCompactionLagMs'
    | 'maxCompactionLagMs'
    | 'minCleanableDirtyRatio'
    | 'segmentBytes'
    | 'segmentIndexBytes'
  >
}

export interface CleaningPlan {
  /** From here on records may have newer ones of the same key that no cleaning has seen. */
  readonly firstDirtyOffset: number
  /** Nothing at or above is looked at. */
  readonly endOffset: number
  readonly dirtyRatio: number
  /** The log is dirty enough, or a record waits longer than the maximum lag. */
  readonly isDue: boolean
}

export function planCleaning(facts: CleaningFacts): CleaningPlan {
  const { sealed, config, nowMs, cleanedOffset, activeBaseOffset, logStartOffset } = facts
  const isUsable =
    cleanedOffset !== null && cleanedOffset >= logStartOffset && cleanedOffset <= activeBaseOffset
  const firstDirtyOffset = isUsable ? cleanedOffset : logStartOffset
  let endOffset = Math.min(facts.stableOffset, activeBaseOffset)
  let cleanBytes = 0
  let dirtyBytes = 0
  let oldestDirtyMs = Number.POSITIVE_INFINITY
  for (const segment of sealed) {
    if (segment.nextOffset <= firstDirtyOffset) {
      cleanBytes += segment.sizeBytes
      continue
    }
    if (segment.baseOffset >= endOffset) break
    const isYoung =
      config.minCompactionLagMs > 0 && segment.maxTimestampMs > nowMs - config.minCompactionLagMs
    if (isYoung) {
      endOffset = Math.min(endOffset, Math.max(segment.baseOffset, firstDirtyOffset))
      break
    }
    dirtyBytes += segment.sizeBytes
    if (segment.firstTimestampMs >= 0) oldestDirtyMs = Math.min(oldestDirtyMs, segment.firstTimestampMs)
  }
  endOffset = Math.max(endOffset, firstDirtyOffset)
  const totalBytes = cleanBytes + dirtyBytes
  const dirtyRatio = totalBytes === 0 || endOffset === firstDirtyOffset ? 0 : dirtyBytes / totalBytes
  const isLate = nowMs - oldestDirtyMs > config.maxCompactionLagMs
  const isDue = dirtyRatio > 0 && (dirtyRatio > config.minCleanableDirtyRatio || isLate)
  return { firstDirtyOffset, endOffset, dirtyRatio, isDue }
}

/** Neighbours that together fit into one segment; every segment that begins below `endOffset` is in one group. */
export function groupSegments<T extends CleanableSegment>(
  sealed: readonly T[],
  endOffset: number,
  config: Pick<LogConfig, 'segmentBytes' | 'segmentIndexBytes'>,
): T[][] {
  const groups: T[][] = []
  let group: T[] = []
  let sizeBytes = 0
  let indexBytes = 0
  for (const segment of sealed) {
    if (segment.baseOffset >= endOffset) break
    const first = group[0]
    const fits =
      first !== undefined &&
      sizeBytes + segment.sizeBytes <= config.segmentBytes &&
      indexBytes + segment.indexBytes <= config.segmentIndexBytes &&
      segment.nextOffset - first.baseOffset <= 0x7fffffff
    if (!fits) {
      group = []
      groups.push(group)
      sizeBytes = 0
      indexBytes = 0
    }
    group.push(segment)
    sizeBytes += segment.sizeBytes
    indexBytes += segment.indexBytes
  }
  return groups
}
