/**
 * The idempotent and transactional producers of one log, and the offset up to which all transactions are
 * decided (KIP-98, KIP-360, KIP-890).
 *
 * Decides whether a batch is new, a duplicate or out of order. It answers with values, changes only
 * through `apply…`, and every change can be taken back in reverse order (a write may fail). It does not read
 * files: snapshots come in and go out as entries.
 */
import {
  duplicateOf,
  lastSequenceOf,
  type ProducerBatch,
  type ProducerEntry,
  type RememberedBatch,
  type TransactionMarker,
  withBatch,
  withMarker,
} from './producer-entry.ts'
import { ErrorCode } from './storage-errors.ts'

export type ProducerVerdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly original: RememberedBatch }
  | { readonly kind: 'refuse'; readonly errorCode: number; readonly message: string }

/** A transaction whose marker is in the log. */
export interface CompletedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
  /** The marker's offset. */
  readonly lastOffset: number
  readonly isAbort: boolean
  /** What was stable right after the marker, but for other markers' replication: the transaction index notes it. */
  readonly lastStableOffset: number
}

/** What one `apply…` changed; `undo` wants them newest first. */
export interface ProducerChange {
  readonly producerId: bigint
  readonly before: ProducerEntry | undefined
  readonly completed: CompletedTransaction | null
}

const APPEND: ProducerVerdict = { kind: 'append' }

function refuse(errorCode: number, message: string): ProducerVerdict {
  return { kind: 'refuse', errorCode, message }
}

export class ProducerState {
  readonly #entries = new Map<bigint, ProducerEntry>()
  /** First offset → producer, in rising order: the first key is the oldest open transaction. */
  #open = new Map<number, bigint>()
  /** Decided, but the marker is not below the high watermark yet. */
  readonly #unreplicated = new Set<CompletedTransaction>()

  get size(): number {
    return this.#entries.size
  }

  entry(producerId: bigint): ProducerEntry | undefined {
    return this.#entries.get(producerId)
  }

  entries(): IterableIterator<ProducerEntry> {
    return this.#entries.values()
  }

  /** The first offset of a transaction that is open or not known to be replicated; null when all are decided. */
  get firstUnstableOffset(): number | null {
    let first: number | null = null
    for (const offset of this.#open.keys()) {
      first = offset
      break
    }
    for (const completed of this.#unreplicated) {
      if (first === null || completed.firstOffset < first) first = completed.firstOffset
    }
    return first
  }

  hasOpenTransaction(producerId: bigint, producerEpoch: number): boolean {
    const entry = this.#entries.get(producerId)
    return entry !== undefined && entry.transactionStartOffset >= 0 && entry.producerEpoch === producerEpoch
  }

  /** May a client append `batch`? Changes nothing. */
  examine(batch: ProducerBatch): ProducerVerdict {
    const entry = this.#entries.get(batch.producerId)
    if (entry === undefined) return APPEND
    const original = duplicateOf(entry, batch)
    if (original !== null) return { kind: 'duplicate', original }
    if (batch.producerEpoch < entry.producerEpoch) {
      return refuse(
        ErrorCode.INVALID_PRODUCER_EPOCH,
        `Epoch of producer ${batch.producerId} is ${batch.producerEpoch}, which is smaller than the last seen epoch ${entry.producerEpoch}`,
      )
    }
    if (batch.producerEpoch > entry.producerEpoch) {
      return batch.baseSequence === 0
        ? this.#examineTransaction(batch, entry)
        : refuse(
            ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
            `Invalid sequence number for new epoch of producer ${batch.producerId}: ${batch.producerEpoch} (request epoch), ${batch.baseSequence} (seq. number), ${entry.producerEpoch} (current producer epoch)`,
          )
    }
    const lastSequence = lastSequenceOf(entry)
    const expected = lastSequence === 0x7fffffff ? 0 : lastSequence + 1
    if (batch.baseSequence === expected) return this.#examineTransaction(batch, entry)
    return refuse(
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      `Out of order sequence number for producer ${batch.producerId}: ${batch.baseSequence} (incoming seq. number), ${lastSequence} (current end sequence number)`,
    )
  }

  #examineTransaction(batch: ProducerBatch, entry: ProducerEntry): ProducerVerdict {
    if (batch.isTransactional || entry.transactionStartOffset < 0) return APPEND
    return refuse(
      ErrorCode.INVALID_TXN_STATE,
      `Expected transactional write from producer ${batch.producerId} while its transaction is open`,
    )
  }

  /** May a coordinator append `marker`? Changes nothing. */
  examineMarker(marker: TransactionMarker, transactionVersion: number): ProducerVerdict {
    const entry = this.#entries.get(marker.producerId)
    if (entry === undefined) return APPEND
    const fenced =
      transactionVersion >= 2
        ? marker.producerEpoch <= entry.producerEpoch
        : marker.producerEpoch < entry.producerEpoch
    if (fenced) {
      return refuse(
        ErrorCode.INVALID_PRODUCER_EPOCH,
        `Epoch of producer ${marker.producerId} in the marker is ${marker.producerEpoch}, the last seen epoch ${entry.producerEpoch}`,
      )
    }
    if (marker.coordinatorEpoch < entry.coordinatorEpoch) {
      return refuse(
        ErrorCode.TRANSACTION_COORDINATOR_FENCED,
        `Invalid coordinator epoch for producer ${marker.producerId}: ${marker.coordinatorEpoch} (zombie), ${entry.coordinatorEpoch} (current)`,
      )
    }
    return APPEND
  }

  /** The batch is in the log at `baseOffset`. */
  applyBatch(batch: ProducerBatch, baseOffset: number): ProducerChange {
    const before = this.#entries.get(batch.producerId)
    const after = withBatch(before, batch, baseOffset)
    this.#entries.set(batch.producerId, after)
    const opened = after.transactionStartOffset
    if (opened >= 0 && opened !== before?.transactionStartOffset) this.#open.set(opened, batch.producerId)
    return { producerId: batch.producerId, before, completed: null }
  }

  /** The marker is in the log at `offset`; answers the transaction that it ended, if one was open. */
  applyMarker(marker: TransactionMarker, offset: number): ProducerChange {
    const before = this.#entries.get(marker.producerId)
    this.#entries.set(marker.producerId, withMarker(before, marker))
    const firstOffset = before?.transactionStartOffset ?? -1
    let completed: CompletedTransaction | null = null
    if (firstOffset >= 0) {
      this.#open.delete(firstOffset)
      const [nextOpen] = this.#open.keys()
      completed = {
        producerId: marker.producerId,
        firstOffset,
        lastOffset: offset,
        isAbort: marker.isAbort,
        lastStableOffset: nextOpen ?? offset + 1,
      }
      this.#unreplicated.add(completed)
    }
    return { producerId: marker.producerId, before, completed }
  }

  /** Takes back one change; changes must be taken back newest first. */
  undo(change: ProducerChange): void {
    const after = this.#entries.get(change.producerId)
    const opened = after?.transactionStartOffset ?? -1
    const openBefore = change.before?.transactionStartOffset ?? -1
    if (opened >= 0 && opened !== openBefore) this.#open.delete(opened)
    if (change.before === undefined) this.#entries.delete(change.producerId)
    else this.#entries.set(change.producerId, change.before)
    if (change.completed === null) return
    this.#unreplicated.delete(change.completed)
    this.#open.set(change.completed.firstOffset, change.producerId)
    this.#open = new Map([...this.#open].sort(([a], [b]) => a - b))
  }

  highWatermarkMoved(highWatermark: number): void {
    if (this.#unreplicated.size === 0) return
    for (const completed of this.#unreplicated) {
      if (completed.lastOffset < highWatermark) this.#unreplicated.delete(completed)
    }
  }

  /** Forgets producers that were silent for `expirationMs` and have no open transaction. */
  expire(nowMs: number, expirationMs: number): number {
    let expired = 0
    for (const entry of this.#entries.values()) {
      if (entry.transactionStartOffset >= 0 || nowMs - entry.lastTimestampMs < expirationMs) continue
      this.#entries.delete(entry.producerId)
      expired++
    }
    return expired
  }

  /** Takes over the entries of a snapshot; nothing else is known then. */
  restore(entries: Iterable<ProducerEntry>): void {
    this.clear()
    for (const entry of entries) this.#entries.set(entry.producerId, entry)
    const open = [...this.#entries.values()].filter((entry) => entry.transactionStartOffset >= 0)
    open.sort((a, b) => a.transactionStartOffset - b.transactionStartOffset)
    for (const entry of open) this.#open.set(entry.transactionStartOffset, entry.producerId)
  }

  /** The entries as they were before `changes` (oldest first). */
  *entriesBefore(changes: readonly ProducerChange[]): IterableIterator<ProducerEntry> {
    const before = new Map<bigint, ProducerEntry | undefined>()
    for (const change of changes) {
      if (!before.has(change.producerId)) before.set(change.producerId, change.before)
    }
    for (const entry of this.#entries.values()) {
      const past = before.has(entry.producerId) ? before.get(entry.producerId) : entry
      if (past !== undefined) yield past
    }
  }

  clear(): void {
    this.#entries.clear()
    this.#open.clear()
    this.#unreplicated.clear()
  }
}
