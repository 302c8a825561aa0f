/**
 * Moves the start of a log forward (DeleteRecords, retention). Whole segments below the start are removed
 * by retention, not here; the epochs follow at once.
 */
import { assertOffset, type LogState } from './log-state.ts'

/** Returns whether the start moved; the caller has checked that `offset` is not above the high watermark. */
export function moveLogStart(state: LogState, offset: number): boolean {
  assertOffset(offset)
  if (offset <= state.logStartOffset) return false
  state.logStartOffset = offset
  state.highWatermark = Math.max(state.highWatermark, offset)
  state.epochs.truncateFromStart(offset)
  state.environment.checkpointsChanged()
  return true
}
