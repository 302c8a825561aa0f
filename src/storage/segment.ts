/**
 * One segment of a log: the file of batches and its three indexes, named by the base offset.
 *
 * It counts bytes three ways: assigned (offsets are given), written (in the file), synced (on the disk). It
 * decides when an index gets an entry (Kafka's rule: more than `index.interval.bytes` since the last
 * one), never which batch is appended.
 */
import { joinPath } from '../runtime/disk.ts'
import type { BatchFacts } from './batch-facts.ts'
import { OffsetIndex } from './offset-index.ts'
import { type OpenFiles, PooledFile } from './open-files.ts'
import { type SegmentFileRole, segmentFileName } from './segment-names.ts'
import { TimeIndex } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'

/** Which files of the segment stand on the disk, and how large its log is. */
export interface SegmentFacts {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly hasLog: boolean
  readonly hasIndex: boolean
  readonly hasTimeIndex: boolean
  readonly hasTransactionIndex: boolean
  /** When the file was last changed, as the file system says; for retention of batches without timestamps. */
  readonly modifiedMs: number
}

const RELATIVE_OFFSET_MAX = 0x7fffffff
const UNKNOWN = Number.NaN

export class Segment {
  readonly baseOffset: number
  readonly log: PooledFile
  readonly offsetIndex: OffsetIndex
  readonly timeIndex: TimeIndex
  readonly transactionIndex: TransactionIndex
  /** Bytes whose offsets are assigned; `writtenBytes` follows. */
  sizeBytes: number
  writtenBytes: number
  syncedBytes: number
  /** Bytes whose checksums this process has seen, from the start on. */
  verifiedBytes = 0
  /** Bytes that were in the file when this process opened it: they may not be in the page cache. */
  coldBytes: number
  /** The file exists; false between a roll and its first write. */
  hasLog: boolean
  modifiedMs: number
  /** Complete indexes, or aborts of the active one, that must be on the disk before a recovery point passes them. */
  indexesUnsynced = false
  /** Taken out of the log (retention, truncation, compaction): cursors into it are void. */
  isRetired = false
  /** The time index is of this process, or was compared with the batches: its last entry can be believed. */
  isTimeIndexProven: boolean
  #bytesSinceEntry = 0
  #maxTimestampMs = UNKNOWN
  #offsetOfMaxTimestamp = -1
  #firstTimestampMs = UNKNOWN

  /** `suffix` follows the names of files that are not live yet. */
  constructor(files: OpenFiles, folder: string, facts: SegmentFacts, suffix = '') {
    const file = (role: SegmentFileRole): PooledFile =>
      new PooledFile(files, joinPath(folder, segmentFileName(facts.baseOffset, role) + suffix))
    this.baseOffset = facts.baseOffset
    this.log = file('log')
    this.offsetIndex = new OffsetIndex(file('index'), facts.baseOffset, facts.hasIndex)
    this.timeIndex = new TimeIndex(file('timeindex'), facts.baseOffset, facts.hasTimeIndex)
    this.transactionIndex = new TransactionIndex(file('txnindex'), facts.hasTransactionIndex)
    this.sizeBytes = facts.sizeBytes
    this.writtenBytes = facts.sizeBytes
    this.syncedBytes = facts.sizeBytes
    this.coldBytes = facts.sizeBytes
    this.hasLog = facts.hasLog
    this.modifiedMs = facts.modifiedMs
    this.isTimeIndexProven = facts.sizeBytes === 0
    if (facts.sizeBytes === 0) {
      this.#maxTimestampMs = -1
      this.#firstTimestampMs = -1
    }
  }

  /** The files of a segment that has none yet. */
  static fresh(files: OpenFiles, folder: string, baseOffset: number, nowMs: number): Segment {
    return new Segment(files, folder, {
      baseOffset,
      sizeBytes: 0,
      hasLog: false,
      hasIndex: false,
      hasTimeIndex: false,
      hasTransactionIndex: false,
      modifiedMs: nowMs,
    })
  }

  get maxTimestampMs(): number {
    if (Number.isNaN(this.#maxTimestampMs)) this.#loadMaxTimestamp()
    return this.#maxTimestampMs
  }

  /** Last offset of the batch that brought the largest timestamp. */
  get offsetOfMaxTimestamp(): number {
    if (Number.isNaN(this.#maxTimestampMs)) this.#loadMaxTimestamp()
    return this.#offsetOfMaxTimestamp
  }

  #loadMaxTimestamp(): void {
    const { last } = this.timeIndex
    this.#maxTimestampMs = last?.timestampMs ?? -1
    this.#offsetOfMaxTimestamp = last?.offset ?? -1
  }

  /** Largest timestamp of the first batch: time-based rolling counts from it. NaN while unknown, -1 when empty. */
  get firstTimestampMs(): number {
    return this.#firstTimestampMs
  }

  set firstTimestampMs(value: number) {
    this.#firstTimestampMs = value
  }

  /** Whether offsets up to `lastOffset` still fit the index's 32 bits. */
  fitsOffset(lastOffset: number): boolean {
    return lastOffset - this.baseOffset <= RELATIVE_OFFSET_MAX
  }

  isIndexFull(indexBytesMax: number): boolean {
    return this.offsetIndex.isFull(indexBytesMax) || this.timeIndex.isFull(indexBytesMax)
  }

  /** A batch stands in the file at `position`; called in order for each. */
  noteBatch(batch: BatchFacts, position: number, indexIntervalBytes: number): void {
    const lastOffset = batch.baseOffset + batch.lastOffsetDelta
    if (batch.maxTimestampMs > this.maxTimestampMs) {
      this.#maxTimestampMs = batch.maxTimestampMs
      this.#offsetOfMaxTimestamp = lastOffset
    }
    if (position === 0) this.#firstTimestampMs = batch.maxTimestampMs
    if (this.#bytesSinceEntry > indexIntervalBytes) {
      this.offsetIndex.append(lastOffset, position)
      this.#noteMaxTimestamp()
      this.#bytesSinceEntry = 0
    }
    this.#bytesSinceEntry += batch.sizeBytes
  }

  #noteMaxTimestamp(): void {
    if (this.maxTimestampMs >= 0)
      this.timeIndex.appendIfLater(this.#maxTimestampMs, this.#offsetOfMaxTimestamp)
  }

  /** No batch follows (roll, clean stop): the time index gets its last entry, and both files are complete. */
  seal(): void {
    if (this.writtenBytes === 0) return
    this.#noteMaxTimestamp()
    this.offsetIndex.entries.flush()
    this.timeIndex.entries.flush()
    this.indexesUnsynced = true
  }

  /** Clean stop of the active segment: as `seal`, but an index without an entry needs no file yet. */
  complete(): void {
    if (this.writtenBytes === 0) return
    this.#noteMaxTimestamp()
    for (const { entries } of [this.offsetIndex, this.timeIndex]) {
      if (entries.count > 0) entries.flush()
      // After a clean stop nobody looks at the batches for what a power cut took of them.
      if (entries.isChanged || entries.isBehind) this.indexesUnsynced = true
    }
  }

  /** Forgets all index entries; `noteBatch` for every batch from the start on builds them anew. */
  resetIndexes(): void {
    this.offsetIndex.entries.reset()
    this.timeIndex.entries.reset()
    this.isTimeIndexProven = true
    this.#bytesSinceEntry = 0
    this.#maxTimestampMs = -1
    this.#offsetOfMaxTimestamp = -1
    this.#firstTimestampMs = UNKNOWN
  }

  /** The file is cut at `position`; everything is cut with it but the indexes. */
  cutTo(position: number): void {
    if (this.hasLog && this.log.use().sizeBytes() > position) this.log.use().truncateSync(position)
    this.sizeBytes = position
    this.writtenBytes = position
    this.syncedBytes = Math.min(this.syncedBytes, position)
    this.verifiedBytes = Math.min(this.verifiedBytes, position)
    this.coldBytes = Math.min(this.coldBytes, position)
  }

  /** The indexes lose everything at or above `offset`; what is largest is looked up again. */
  truncateIndexes(offset: number): void {
    this.offsetIndex.truncateTo(offset)
    this.timeIndex.truncateTo(offset)
    this.transactionIndex.truncateTo(offset)
    this.#bytesSinceEntry = 0
    this.#maxTimestampMs = UNKNOWN
    if (this.writtenBytes === 0) {
      this.#maxTimestampMs = -1
      this.#firstTimestampMs = -1
    }
  }

  /** A batch's timestamp found by scanning behind the last index entry. */
  raiseMaxTimestamp(timestampMs: number, offset: number): void {
    if (timestampMs <= this.maxTimestampMs) return
    this.#maxTimestampMs = timestampMs
    this.#offsetOfMaxTimestamp = offset
  }

  /** The log file comes last: while it is there, the segment counts. */
  pooledFiles(): readonly PooledFile[] {
    return [
      this.offsetIndex.entries.file,
      this.timeIndex.entries.file,
      this.transactionIndex.entries.file,
      this.log,
    ]
  }

  closeFiles(): void {
    for (const file of this.pooledFiles()) file.close()
  }
}
