/**
 * What a read is told and what it answers: whole record batches, as they lie in the file.
 *
 * The buffers belong to a pool (or to the tail cache): `release` must be called exactly once, after which
 * they must not be touched. They are never to be changed.
 */

export interface ReadOptions {
  /** Upper bound of the answer; the first batch comes whole even if it is larger (KIP-74) while `atLeastOneBatch`. */
  readonly sizeBytesMax: number
  /** Batches that begin at or above this offset are left out: the high watermark, the last stable offset, or the log end for a replica. */
  readonly upperBoundOffset: number
  readonly atLeastOneBatch: boolean
  /**
   * Leading batches whose records were all compacted away are passed over while anything follows below
   * the bound (kafkajs stalls on them). False for replicas, which copy the log as it is.
   */
  readonly skipsEmptyBatches: boolean
}

export interface LogSlice {
  readonly ok: true
  /** Together: whole batches, one after another. Empty when nothing lies between the offset and the bound. */
  readonly buffers: readonly Buffer[]
  readonly sizeBytes: number
  /** Base offset of the first batch (it may lie below the offset asked); the offset asked when empty. */
  readonly baseOffset: number
  /** The offset after the last batch; the offset asked when empty. */
  readonly nextOffset: number
  release(): void
}

export interface ReadFailure {
  readonly ok: false
  /** OFFSET_OUT_OF_RANGE (1) or KAFKA_STORAGE_ERROR (56). */
  readonly errorCode: number
  readonly message: string
}

export type ReadOutcome = LogSlice | ReadFailure

/** Answer of a timestamp lookup. */
export interface TimestampedOffset {
  readonly offset: number
  readonly timestampMs: number
  /** -1 when the batch tells none. */
  readonly leaderEpoch: number
}

/** One aborted transaction, as Fetch answers it. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** Where an epoch ends in this log; both -1 when the epoch is not known. */
export interface EpochEndOffset {
  readonly leaderEpoch: number
  readonly endOffset: number
}
