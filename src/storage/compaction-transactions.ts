/**
 * What compaction must know of transactions while it walks over a log: which batches were aborted, and which
 * markers have nothing left to mark (KIP-98, KIP-534).
 *
 * Aborted data goes at once; a marker stays until all data of its transaction is gone, and then for
 * `delete.retention.ms`, so that a reader under way still meets it.
 */
import type { AbortedTransactionEntry } from './transaction-index.ts'

export class CompactionTransactions {
  /** Aborted transactions not begun yet, by rising first offset. */
  readonly #upcoming: AbortedTransactionEntry[]
  #next = 0
  readonly #aborting = new Map<bigint, { readonly entry: AbortedTransactionEntry; hasData: boolean }>()
  readonly #committing = new Set<bigint>()
  /** Told of each aborted transaction that still has data, when its marker is met. */
  onAbortKept: (entry: AbortedTransactionEntry) => void = () => {}

  constructor(aborted: readonly AbortedTransactionEntry[]) {
    this.#upcoming = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  #begin(offset: number): void {
    for (; this.#next < this.#upcoming.length; this.#next++) {
      const entry = this.#upcoming[this.#next]
      if (entry === undefined || entry.firstOffset > offset) return
      if (!this.#aborting.has(entry.producerId))
        this.#aborting.set(entry.producerId, { entry, hasData: false })
    }
  }

  /** A data batch; true when it belongs to an aborted transaction, so its records may go. */
  onBatch(producerId: bigint, lastOffset: number, isTransactional: boolean): boolean {
    this.#begin(lastOffset)
    if (!isTransactional) return false
    const aborting = this.#aborting.get(producerId)
    if (aborting === undefined) {
      this.#committing.add(producerId)
      return false
    }
    aborting.hasData = true
    return true
  }

  /** A marker; true when no batch of its transaction is left, so that it may go one day. */
  onMarker(producerId: bigint, lastOffset: number, isAbort: boolean): boolean {
    this.#begin(lastOffset)
    if (!isAbort) return !this.#committing.delete(producerId)
    const aborting = this.#aborting.get(producerId)
    this.#aborting.delete(producerId)
    if (aborting === undefined || !aborting.hasData) return true
    this.onAbortKept(aborting.entry)
    return false
  }
}
