/**
 * A file of equally long entries that only grows: what the three indexes of a segment have in common.
 *
 * The newest entries wait in memory until a page is full, so an append costs no system call. Looking up is a
 * binary search with small reads: a gigabyte segment's index needs no memory. An index is a cache (trap 3):
 * nothing here need be durable before a clean stop, and any doubt is answered by rebuilding it.
 */
import { DiskError } from '../runtime/disk.ts'
import { isPassing } from './disk-failures.ts'
import type { PooledFile } from './open-files.ts'

/** Entries are written out once this many bytes wait. */
const PAGE_BYTES = 4096

const scratch = Buffer.allocUnsafe(64)

export class IndexFile {
  readonly file: PooledFile
  readonly entryBytes: number
  /** Entries in the file; -1 until looked at. */
  #storedCount = -1
  #waiting: Buffer | null = null
  #waitingBytes = 0
  #exists: boolean
  #isChanged = false

  constructor(file: PooledFile, entryBytes: number, exists: boolean) {
    this.file = file
    this.entryBytes = entryBytes
    this.#exists = exists
    if (!exists) this.#storedCount = 0
  }

  get exists(): boolean {
    return this.#exists
  }

  /** Neither a file nor entries that wait for one. */
  get isMissing(): boolean {
    return !this.#exists && this.#waitingBytes === 0
  }

  /** Entries wait in memory: the file was not flushed, or there was no room. */
  get isBehind(): boolean {
    return this.#waitingBytes > 0
  }

  /** The file was written or cut since it was last on its way to the disk, or since it was opened. */
  get isChanged(): boolean {
    return this.#isChanged
  }

  /** What is in the file now is on its way to the disk. */
  noteSyncing(): void {
    this.#isChanged = false
  }

  get count(): number {
    return this.#stored() + this.#waitingBytes / this.entryBytes
  }

  #stored(): number {
    if (this.#storedCount < 0) {
      this.#storedCount = Math.floor(this.file.use().sizeBytes() / this.entryBytes)
    }
    return this.#storedCount
  }

  /** Room for one entry at the end; the caller fills all of it. */
  extend(): { readonly target: Buffer; readonly start: number } {
    this.#stored()
    const page = Math.floor(PAGE_BYTES / this.entryBytes) * this.entryBytes
    if (this.#waitingBytes >= page) this.flush()
    if (this.#waiting === null || this.#waiting.length < this.#waitingBytes + this.entryBytes) {
      const larger = Buffer.allocUnsafe(Math.max(8 * this.entryBytes, this.#waitingBytes * 2))
      this.#waiting?.copy(larger, 0, 0, this.#waitingBytes)
      this.#waiting = larger
    }
    const start = this.#waitingBytes
    this.#waitingBytes += this.entryBytes
    return { target: this.#waiting, start }
  }

  /** Where entry `index` can be read, until the next call of anything here. */
  entry(index: number): { readonly bytes: Buffer; readonly start: number } {
    const stored = this.#stored()
    if (this.#waiting !== null && index >= stored) {
      return { bytes: this.#waiting, start: (index - stored) * this.entryBytes }
    }
    const got = this.file.use().readSync(scratch, 0, this.entryBytes, index * this.entryBytes)
    if (got < this.entryBytes) throw new DiskError('EIO', this.file.path, `index entry ${index} is missing`)
    return { bytes: scratch, start: 0 }
  }

  /** The last entry of which `isAtOrBelow` holds (entries rise, so it holds for a prefix); -1 when none. */
  findLast(isAtOrBelow: (bytes: Buffer, start: number) => boolean): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const { bytes, start } = this.entry(middle)
      if (isAtOrBelow(bytes, start)) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /**
   * Writes what waits (and creates the file if there is none). On a full disk it goes on waiting: an index must
   * not fail an append that is already in the log.
   */
  flush(): void {
    const stored = this.#stored()
    if (this.#exists && this.#waitingBytes === 0) return
    try {
      const file = this.file.useOrCreate()
      // What another segment may have left under that name is none of it.
      if (!this.#exists && file.sizeBytes() > 0) file.truncateSync(0)
      this.#exists = true
      if (this.#waiting === null || this.#waitingBytes === 0) return
      this.#isChanged = true
      file.writeSync([this.#waiting.subarray(0, this.#waitingBytes)], stored * this.entryBytes)
    } catch (error) {
      if (error instanceof DiskError && isPassing(error)) return
      throw error
    }
    this.#storedCount = stored + this.#waitingBytes / this.entryBytes
    this.#waiting = null
    this.#waitingBytes = 0
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    const stored = this.#stored()
    if (count >= this.count) return
    const waitingCount = Math.max(0, count - stored)
    this.#waitingBytes = waitingCount * this.entryBytes
    if (count < stored) {
      this.#isChanged = true
      this.file.use().truncateSync(count * this.entryBytes)
      this.#storedCount = count
    }
  }

  /** Forgets all entries, and the odd bytes a torn file may have at its end. */
  reset(): void {
    this.#waiting = null
    this.#waitingBytes = 0
    if (this.#exists) {
      this.#isChanged = true
      this.file.use().truncateSync(0)
    }
    this.#storedCount = 0
  }

  /** Every entry of the file in one buffer; for checking after an unclean stop. */
  readAll(): Buffer {
    const sizeBytes = this.#exists ? this.file.use().sizeBytes() : 0
    const all = Buffer.allocUnsafe(sizeBytes)
    const got = sizeBytes === 0 ? 0 : this.file.use().readSync(all, 0, sizeBytes, 0)
    return all.subarray(0, got)
  }
}
