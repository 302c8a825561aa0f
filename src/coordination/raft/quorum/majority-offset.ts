/**
 * The offset that a majority has reached, from the offsets of all.
 *
 * Arithmetic alone: it knows nothing of epochs, so it is not yet a commit (Raft §5.4.2).
 */
import { majorityOf } from './tally.ts'

/** Largest offset that at least a majority of the members has; -1 when there is none. Unknown members count as -1. */
export function majorityOffset(offsets: readonly number[]): number {
  const descending = [...offsets].sort((a, b) => b - a)
  return descending[majorityOf(offsets.length) - 1] ?? -1
}
