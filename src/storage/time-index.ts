/**
 * The sparse map from timestamp to offset of one segment (`.timeindex`).
 *
 * An entry is the largest timestamp so far and, less the base offset, the last offset of the batch that
 * brought it. Kafka's format: int64, int32. The last entry of a closed segment holds its largest timestamp.
 */
import { IndexFile } from './index-file.ts'
import type { PooledFile } from './open-files.ts'

const ENTRY_BYTES = 12

export interface TimestampOffset {
  readonly timestampMs: number
  readonly offset: number
}

/** Timestamps are int64 on disk; ours are safe integers, and what is not is clamped, never rounded silently. */
export function readTimestamp(bytes: Buffer, start: number): number {
  const value = bytes.readInt32BE(start) * 2 ** 32 + bytes.readUInt32BE(start + 4)
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, value))
}

export function writeTimestamp(bytes: Buffer, value: number, start: number): void {
  bytes.writeInt32BE(Math.floor(value / 2 ** 32), start)
  bytes.writeUInt32BE(value - Math.floor(value / 2 ** 32) * 2 ** 32, start + 4)
}

export class TimeIndex {
  readonly entries: IndexFile
  readonly #baseOffset: number

  constructor(file: PooledFile, baseOffset: number, exists: boolean) {
    this.entries = new IndexFile(file, ENTRY_BYTES, exists)
    this.#baseOffset = baseOffset
  }

  /** Adds an entry if its timestamp is larger than the last one's; Kafka's rule. */
  appendIfLater(timestampMs: number, offset: number): void {
    const last = this.last
    if (last !== null && (timestampMs <= last.timestampMs || offset <= last.offset)) return
    const { target, start } = this.entries.extend()
    writeTimestamp(target, timestampMs, start)
    target.writeInt32BE(offset - this.#baseOffset, start + 8)
  }

  #at(index: number): TimestampOffset {
    const { bytes, start } = this.entries.entry(index)
    return {
      timestampMs: readTimestamp(bytes, start),
      offset: this.#baseOffset + bytes.readInt32BE(start + 8),
    }
  }

  get last(): TimestampOffset | null {
    const count = this.entries.count
    return count === 0 ? null : this.#at(count - 1)
  }

  /** The last entry whose timestamp is below `timestampMs`: the search begins at its offset; null at the start. */
  lastBefore(timestampMs: number): TimestampOffset | null {
    const index = this.entries.findLast((bytes, start) => readTimestamp(bytes, start) < timestampMs)
    return index < 0 ? null : this.#at(index)
  }

  /** Drops entries at or above `offset`. */
  truncateTo(offset: number): void {
    const relative = offset - this.#baseOffset
    this.entries.truncate(
      this.entries.findLast((bytes, start) => bytes.readInt32BE(start + 8) < relative) + 1,
    )
  }

  isFull(indexBytesMax: number): boolean {
    return (this.entries.count + 1) * ENTRY_BYTES > indexBytesMax
  }

  /** Whether every entry rises and none lies at or past `endOffset` (trap 3). */
  isSound(endOffset: number): boolean {
    const bytes = this.entries.readAll()
    if (bytes.length % ENTRY_BYTES !== 0) return false
    let timestamp = Number.NEGATIVE_INFINITY
    let offset = -1
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const nextTimestamp = readTimestamp(bytes, at)
      const nextOffset = bytes.readInt32BE(at + 8)
      if (nextTimestamp <= timestamp || nextOffset <= offset || this.#baseOffset + nextOffset >= endOffset)
        return false
      timestamp = nextTimestamp
      offset = nextOffset
    }
    return true
  }
}
