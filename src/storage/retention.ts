/**
 * Decides which of a log's oldest segments may go: by age, by size, or because the log starts behind them.
 *
 * Plan: facts in, steps out. Nothing goes that is not below the high watermark, and the log never loses its
 * last segment (a new one is begun first), so offsets are never used twice.
 */
import type { LogConfig } from './log-config.ts'

export interface RetainedSegment {
  readonly baseOffset: number
  /** Base of the next segment, or the log end. */
  readonly nextOffset: number
  readonly sizeBytes: number
  /** Largest timestamp of its records; -1 when they have none. */
  readonly maxTimestampMs: number
  /** When its file was last changed; counts where records have no timestamp. */
  readonly modifiedMs: number
}

export interface RetentionFacts {
  readonly nowMs: number
  readonly logStartOffset: number
  readonly highWatermark: number
  /** Oldest first; the last one is active. */
  readonly segments: readonly RetainedSegment[]
  readonly config: Pick<LogConfig, 'deletes' | 'retentionMs' | 'retentionBytes'>
}

export interface RetentionPlan {
  /** How many of the oldest segments go. */
  readonly deleteCount: number
  /** The active one is among them: a new segment must be begun first. */
  readonly rollsFirst: boolean
  /** Where the log starts afterwards. */
  readonly logStartOffset: number
}

type Reason = (segment: RetainedSegment, index: number) => boolean

/** How many segments from the oldest on satisfy `reason` and lie below the high watermark. */
function countFrom(facts: RetentionFacts, start: number, reason: Reason): number {
  const { segments, highWatermark } = facts
  let count = start
  for (let index = start; index < segments.length; index++) {
    const segment = segments[index]
    if (segment === undefined || segment.nextOffset > highWatermark) break
    // An empty active segment is where the log goes on.
    if (index === segments.length - 1 && segment.sizeBytes === 0) break
    if (!reason(segment, index)) break
    count = index + 1
  }
  return count
}

export function planRetention(facts: RetentionFacts): RetentionPlan {
  const { segments, config, nowMs, logStartOffset } = facts
  const lastIndex = segments.length - 1
  // The log starts behind them, whatever the policy says (DeleteRecords).
  let count = countFrom(
    facts,
    0,
    (segment, index) => index < lastIndex && segment.nextOffset <= logStartOffset,
  )
  if (config.deletes && config.retentionBytes >= 0) {
    let excess = -config.retentionBytes
    for (const segment of segments) excess += segment.sizeBytes
    for (let index = 0; index < count; index++) excess -= segments[index]?.sizeBytes ?? 0
    count = countFrom(facts, count, (segment) => {
      if (excess < segment.sizeBytes) return false
      excess -= segment.sizeBytes
      return true
    })
  }
  if (config.deletes && config.retentionMs >= 0) {
    count = countFrom(facts, count, (segment) => {
      const ageMs = nowMs - (segment.maxTimestampMs >= 0 ? segment.maxTimestampMs : segment.modifiedMs)
      return ageMs > config.retentionMs
    })
  }
  const firstKept = segments[count]
  const start = firstKept?.baseOffset ?? segments[lastIndex]?.nextOffset ?? logStartOffset
  return {
    deleteCount: count,
    rollsFirst: count === segments.length,
    logStartOffset: Math.max(logStartOffset, count > 0 ? start : logStartOffset),
  }
}
