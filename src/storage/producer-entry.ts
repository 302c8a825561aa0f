/**
 * What the log remembers of one idempotent producer: its last five batches, its epoch, its open transaction.
 *
 * Entries are never changed, only replaced, so that a failed write can put the old one back. Sequence
 * arithmetic wraps at 2^31 - 1 (trap 15).
 */

/** Kafka's window: a retry of one of the last five batches is recognised. */
export const BATCHES_REMEMBERED = 5

const SEQUENCE_MAX = 0x7fffffff

/** A batch that was appended; its first sequence and offset follow from the deltas. */
export interface RememberedBatch {
  readonly lastSequence: number
  readonly lastOffset: number
  readonly offsetDelta: number
  readonly timestampMs: number
}

export interface ProducerEntry {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Of the last marker; -1 before any. */
  readonly coordinatorEpoch: number
  readonly lastTimestampMs: number
  /** -1 when no transaction is open. */
  readonly transactionStartOffset: number
  /** Oldest first, all of the current epoch. */
  readonly batches: readonly RememberedBatch[]
}

/** The header fields of a batch that concern its producer. */
export interface ProducerBatch {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastOffsetDelta: number
  readonly maxTimestampMs: number
  readonly isTransactional: boolean
}

/** The marker that ends a transaction. */
export interface TransactionMarker {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly isAbort: boolean
  readonly timestampMs: number
}

/** `sequence` moved on by `delta`. */
export function sequenceAfter(sequence: number, delta: number): number {
  return sequence > SEQUENCE_MAX - delta ? delta - (SEQUENCE_MAX - sequence) - 1 : sequence + delta
}

/** `sequence` moved back by `delta`. */
export function sequenceBefore(sequence: number, delta: number): number {
  return sequence < delta ? SEQUENCE_MAX - (delta - sequence) + 1 : sequence - delta
}

/** -1 when no data batch is remembered. */
export function lastSequenceOf(entry: ProducerEntry): number {
  return entry.batches.at(-1)?.lastSequence ?? -1
}

/** The remembered batch that `batch` repeats, if any. */
export function duplicateOf(entry: ProducerEntry, batch: ProducerBatch): RememberedBatch | null {
  if (batch.producerEpoch !== entry.producerEpoch) return null
  const lastSequence = sequenceAfter(batch.baseSequence, batch.lastOffsetDelta)
  return (
    entry.batches.find(
      (known) =>
        known.lastSequence === lastSequence &&
        sequenceBefore(known.lastSequence, known.offsetDelta) === batch.baseSequence,
    ) ?? null
  )
}

/** The entry after `batch` was appended with `baseOffset`. */
export function withBatch(
  entry: ProducerEntry | undefined,
  batch: ProducerBatch,
  baseOffset: number,
): ProducerEntry {
  const remembered: RememberedBatch = {
    lastSequence: sequenceAfter(batch.baseSequence, batch.lastOffsetDelta),
    lastOffset: baseOffset + batch.lastOffsetDelta,
    offsetDelta: batch.lastOffsetDelta,
    timestampMs: batch.maxTimestampMs,
  }
  const sameEpoch = entry !== undefined && entry.producerEpoch === batch.producerEpoch
  const older = sameEpoch ? entry.batches.slice(1 - BATCHES_REMEMBERED) : []
  const openSince = entry?.transactionStartOffset ?? -1
  return {
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    coordinatorEpoch: entry?.coordinatorEpoch ?? -1,
    lastTimestampMs: batch.maxTimestampMs,
    transactionStartOffset: batch.isTransactional && openSince < 0 ? baseOffset : openSince,
    batches: [...older, remembered],
  }
}

/** The entry after a marker was appended: no transaction is open, and a new epoch has no batches. */
export function withMarker(entry: ProducerEntry | undefined, marker: TransactionMarker): ProducerEntry {
  const sameEpoch = entry !== undefined && entry.producerEpoch === marker.producerEpoch
  return {
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    coordinatorEpoch: marker.coordinatorEpoch,
    lastTimestampMs: marker.timestampMs,
    transactionStartOffset: -1,
    batches: sameEpoch ? entry.batches : [],
  }
}
