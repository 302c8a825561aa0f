/**
 * What an append is told and what it answers.
 *
 * An `ok` outcome means: validated, offsets assigned, queued for the file. It does not mean written; that
 * comes through `LogListener.written`, `durable` or, taking it back, `failed`.
 */
import type { VerificationGuard } from './transaction-verification.ts'

/**
 * Who appends. `client`: everything is checked. `coordinator`: our own records and control batches, offsets
 * are assigned, client rules do not apply. `replica`: copied from the leader, offsets and epochs are kept.
 */
export type AppendOrigin = 'client' | 'coordinator' | 'replica'

export interface AppendOptions {
  readonly origin: AppendOrigin
  /**
   * Stamped into each batch (client, coordinator). From a replica: the epoch of the leader that was fetched
   * from; batches of a later epoch are not appended.
   */
  readonly leaderEpoch: number
  /** The wall clock: for LogAppendTime and the timestamp limits. */
  readonly nowMs: number
  /** From `beginVerification`, for transactional batches of a client (KIP-890). */
  readonly verificationGuard?: VerificationGuard | null
  /** Of a transaction marker: 2 demands a producer epoch above the current one (KIP-890). */
  readonly transactionVersion?: number
  /**
   * Called exactly once, when the log no longer refers to `records`: after it was written or taken back and
   * has left the tail cache; before `append` returns if it kept nothing (failure, duplicate, recompression).
   */
  readonly released?: () => void
}

/** One refused record; `batchIndex` counts records from the first of the call. */
export interface RecordError {
  readonly batchIndex: number
  readonly message: string
}

export interface AppendSuccess {
  readonly ok: true
  /** Of the first record; of the original append if `duplicate`. */
  readonly baseOffset: number
  readonly lastOffset: number
  /** -1 under CreateTime. */
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
  /** The batch was already in the log: nothing was appended. It may still wait for the high watermark. */
  readonly duplicate: boolean
  readonly recordCount: number
  readonly sizeBytes: number
}

export interface AppendFailure {
  readonly ok: false
  /** Kafka's error code. Nothing was appended. */
  readonly errorCode: number
  readonly message: string
  readonly recordErrors: readonly RecordError[]
}

export type AppendOutcome = AppendSuccess | AppendFailure

export function refuse(
  errorCode: number,
  message: string,
  recordErrors: readonly RecordError[] = [],
): AppendFailure {
  return { ok: false, errorCode, message, recordErrors }
}
