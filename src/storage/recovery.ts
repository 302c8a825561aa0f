/**
 * Decides how a log is brought up after a stop: from where it is checked, and what a bad batch means.
 *
 * Plan: facts in, verdict out. Stricter than Kafka's: only the tail that no completed sync covered may be cut;
 * a bad batch below the recovery point is damage, which is shown, never cut and never served (trap 2).
 */

export interface StopFacts {
  /** The directory has its clean-shutdown marker. */
  readonly wasClean: boolean
  /** From the checkpoint file; null when the file or the line is missing (trap 5: never taken for 0). */
  readonly recoveryPoint: number | null
}

/** Offset from which every batch is checked and all that is derived is rebuilt; null trusts everything. */
export function checkFrom(facts: StopFacts, firstOffset: number): number | null {
  if (facts.wasClean) return null
  return Math.max(firstOffset, facts.recoveryPoint ?? firstOffset)
}

export interface FaultFacts {
  /** Offset of the first record that is not there. */
  readonly offset: number
  readonly reason: string
  readonly isLastSegment: boolean
}

export type FaultVerdict =
  /** The unflushed tail is torn: cut here, and drop what follows. */
  | { readonly kind: 'cut' }
  /** What was proven durable is gone or wrong. */
  | { readonly kind: 'damage' }

/** What a bad batch, or an end before the recovery point, means. */
export function judgeFault(stop: StopFacts, fault: FaultFacts): FaultVerdict {
  if (stop.wasClean) return { kind: 'damage' }
  // Without a recovery point only the last segment can hold an unflushed tail: rolling makes the others durable.
  if (stop.recoveryPoint === null) return { kind: fault.isLastSegment ? 'cut' : 'damage' }
  return { kind: fault.offset >= stop.recoveryPoint ? 'cut' : 'damage' }
}
