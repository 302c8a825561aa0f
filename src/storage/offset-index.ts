/**
 * The sparse map from offset to file position of one segment (`.index`).
 *
 * An entry is the last offset of a batch, less the base offset, and the position of that batch's first byte.
 * Kafka's format: two int32. Entries rise in both; a file that does not is void (trap 3).
 */
import { IndexFile } from './index-file.ts'
import type { PooledFile } from './open-files.ts'

const ENTRY_BYTES = 8
const RELATIVE_OFFSET_MAX = 0x7fffffff

export interface OffsetPosition {
  readonly offset: number
  readonly position: number
}

export class OffsetIndex {
  readonly entries: IndexFile
  readonly #baseOffset: number

  constructor(file: PooledFile, baseOffset: number, exists: boolean) {
    this.entries = new IndexFile(file, ENTRY_BYTES, exists)
    this.#baseOffset = baseOffset
  }

  append(offset: number, position: number): void {
    const relative = offset - this.#baseOffset
    if (relative < 0 || relative > RELATIVE_OFFSET_MAX) {
      throw new Error(`offset ${offset} does not fit the index of segment ${this.#baseOffset}`)
    }
    const { target, start } = this.entries.extend()
    target.writeInt32BE(relative, start)
    target.writeInt32BE(position, start + 4)
  }

  #at(index: number): OffsetPosition {
    const { bytes, start } = this.entries.entry(index)
    return { offset: this.#baseOffset + bytes.readInt32BE(start), position: bytes.readInt32BE(start + 4) }
  }

  /** The last entry at or below `offset`; the segment's start when there is none. */
  floor(offset: number): OffsetPosition {
    const relative = offset - this.#baseOffset
    const index = this.entries.findLast((bytes, start) => bytes.readInt32BE(start) <= relative)
    return index < 0 ? { offset: this.#baseOffset, position: 0 } : this.#at(index)
  }

  get last(): OffsetPosition | null {
    const count = this.entries.count
    return count === 0 ? null : this.#at(count - 1)
  }

  /** Drops entries at or above `offset`. */
  truncateTo(offset: number): void {
    const relative = offset - this.#baseOffset
    this.entries.truncate(this.entries.findLast((bytes, start) => bytes.readInt32BE(start) < relative) + 1)
  }

  isFull(indexBytesMax: number): boolean {
    return (this.entries.count + 1) * ENTRY_BYTES > indexBytesMax
  }

  /** Whether every entry rises and none points past `sizeBytes` (trap 3). */
  isSound(sizeBytes: number): boolean {
    const bytes = this.entries.readAll()
    if (bytes.length % ENTRY_BYTES !== 0) return false
    let offset = -1
    let position = -1
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const nextOffset = bytes.readInt32BE(at)
      const nextPosition = bytes.readInt32BE(at + 4)
      if (nextOffset <= offset || nextPosition <= position || nextPosition >= sizeBytes) return false
      offset = nextOffset
      position = nextPosition
    }
    return true
  }
}
