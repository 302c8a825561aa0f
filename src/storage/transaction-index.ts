/**
 * The aborted transactions whose marker lies in one segment (`.txnindex`), for read_committed consumers.
 *
 * Kafka's format, 34 bytes an entry: int16 version, int64 producer id, first offset, last offset (the
 * marker's), last stable offset at that moment. Only segments with an abort marker have the file. Entries
 * rise by last offset.
 */
import { IndexFile } from './index-file.ts'
import type { PooledFile } from './open-files.ts'

const ENTRY_BYTES = 34
const VERSION = 0

export interface AbortedTransactionEntry {
  readonly producerId: bigint
  readonly firstOffset: number
  readonly lastOffset: number
  readonly lastStableOffset: number
}

export class TransactionIndex {
  readonly entries: IndexFile

  constructor(file: PooledFile, exists: boolean) {
    this.entries = new IndexFile(file, ENTRY_BYTES, exists)
  }

  /** Written through at once: aborts are rare, and a reader of the file needs them. */
  append(entry: AbortedTransactionEntry): void {
    const { target, start } = this.entries.extend()
    target.writeInt16BE(VERSION, start)
    target.writeBigInt64BE(entry.producerId, start + 2)
    target.writeBigInt64BE(BigInt(entry.firstOffset), start + 10)
    target.writeBigInt64BE(BigInt(entry.lastOffset), start + 18)
    target.writeBigInt64BE(BigInt(entry.lastStableOffset), start + 26)
    this.entries.flush()
  }

  at(index: number): AbortedTransactionEntry {
    const { bytes, start } = this.entries.entry(index)
    return {
      producerId: bytes.readBigInt64BE(start + 2),
      firstOffset: Number(bytes.readBigInt64BE(start + 10)),
      lastOffset: Number(bytes.readBigInt64BE(start + 18)),
      lastStableOffset: Number(bytes.readBigInt64BE(start + 26)),
    }
  }

  /**
   * Collects the transactions that touch [fromOffset, upperOffset) into `found`. Returns true when no later
   * segment can hold one more: the last stable offset at some marker was already past the range.
   */
  collect(fromOffset: number, upperOffset: number, found: AbortedTransactionEntry[]): boolean {
    if (!this.entries.exists) return false
    // Entries rise by last offset: those that ended before the range are passed over at once.
    const passed = this.entries.findLast(
      (bytes, start) => Number(bytes.readBigInt64BE(start + 18)) < fromOffset,
    )
    for (let index = passed + 1; index < this.entries.count; index++) {
      const entry = this.at(index)
      if (entry.firstOffset < upperOffset) found.push(entry)
      if (entry.lastStableOffset >= upperOffset) return true
    }
    return false
  }

  /** Drops entries whose marker lies at or above `offset`. */
  truncateTo(offset: number): void {
    if (!this.entries.exists) return
    const kept =
      this.entries.findLast((bytes, start) => Number(bytes.readBigInt64BE(start + 18)) < offset) + 1
    this.entries.truncate(kept)
  }

  /** Whether versions are known, markers rise, and all lie in [baseOffset, endOffset) (trap 3). */
  isSound(baseOffset: number, endOffset: number): boolean {
    if (!this.entries.exists) return true
    const bytes = this.entries.readAll()
    if (bytes.length % ENTRY_BYTES !== 0) return false
    let last = baseOffset - 1
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const marker = Number(bytes.readBigInt64BE(at + 18))
      if (bytes.readInt16BE(at) !== VERSION || marker <= last || marker >= endOffset) return false
      last = marker
    }
    return true
  }
}
