/**
 * Answers reads with whole batches, straight from the files into pooled buffers.
 *
 * The tail, which the page cache holds, is read at once; what is old is read asynchronously and its checksums
 * are verified the first time (a bad batch is never served). A read never stalls a consumer: leading
 * batches that compaction emptied are passed over while something follows. No copy, no stream.
 */
import { BATCH_HEADER_BYTES, baseOffset } from '../protocol/records/batch.ts'
import { DiskError } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import { type ChunkEnd, walkBatches } from './batch-walk.ts'
import { isPassing } from './disk-failures.ts'
import type { LogState } from './log-state.ts'
import type { LogDamage } from './partition-log.ts'
import { ReadCursors } from './read-cursors.ts'
import type { LogSlice, ReadFailure, ReadOptions, ReadOutcome } from './read-outcome.ts'
import type { Segment } from './segment.ts'
import { trustedUpTo } from './segment-scan.ts'
import { ErrorCode } from './storage-errors.ts'

export interface ReaderOwner {
  /** A batch at or after `offset` is not what was written: the log serves nothing from there on (trap 2). */
  foundDamage(offset: number, reason: string): void
  diskFailed(error: DiskError): void
  /** The indexes of `segment` mislead: false when they cannot be built anew. */
  rebuildIndexes(segment: Segment): boolean
  readonly log: { readonly damage: LogDamage | null; readonly isOffline: boolean }
}

type ReadDone = (outcome: ReadOutcome) => void

/** Bytes read beyond the wanted ones when the index has only led near the first batch. */
const SEEK_SLACK_BYTES = 8 * 1024
const CHUNK_BYTES_MIN = 4 * 1024

export function emptySlice(offset: number): LogSlice {
  return { ok: true, buffers: [], sizeBytes: 0, baseOffset: offset, nextOffset: offset, release() {} }
}

export function readFailure(errorCode: number, message: string): ReadFailure {
  return { ok: false, errorCode, message }
}

export class LogReader {
  readonly state: LogState
  readonly owner: ReaderOwner
  readonly cursors = new ReadCursors()

  constructor(state: LogState, owner: ReaderOwner) {
    this.state = state
    this.owner = owner
  }

  read(fromOffset: number, options: ReadOptions, done: ReadDone): void {
    const { state } = this
    const { isOffline, damage } = this.owner.log
    const damagedFrom = damage?.offset ?? Number.POSITIVE_INFINITY
    if (isOffline) {
      done(readFailure(ErrorCode.KAFKA_STORAGE_ERROR, 'the log directory is offline'))
      return
    }
    if (!(fromOffset >= state.logStartOffset && fromOffset <= state.logEndOffset)) {
      const range = `[${state.logStartOffset}, ${state.logEndOffset}]`
      done(readFailure(ErrorCode.OFFSET_OUT_OF_RANGE, `offset ${fromOffset} is not within ${range}`))
      return
    }
    if (fromOffset >= damagedFrom) {
      done(readFailure(ErrorCode.KAFKA_STORAGE_ERROR, `the log is damaged from offset ${damagedFrom} on`))
      return
    }
    const bound = Math.min(options.upperBoundOffset, state.writtenOffset, damagedFrom)
    if (fromOffset >= bound) {
      done(emptySlice(fromOffset))
      return
    }
    new ReadJob(this, fromOffset, bound, options, done).run()
  }
}

class ReadJob {
  readonly #reader: LogReader
  readonly #fromOffset: number
  readonly #bound: number
  readonly #options: ReadOptions
  readonly #done: ReadDone
  readonly #cuts: number
  #segment: Segment
  #position: number
  /** The position came from a cursor: the first wanted batch begins right there. */
  #isExact: boolean
  /** The position came from the index entry of this offset, and no batch has confirmed it yet; else -1. */
  #indexedOffset = -1
  #neededBytes = 0
  #skippedEmpty = false
  readonly #buffers: Buffer[] = []
  readonly #lent: Buffer[] = []
  #sizeBytes = 0
  #baseOffset: number
  #nextOffset: number

  constructor(reader: LogReader, fromOffset: number, bound: number, options: ReadOptions, done: ReadDone) {
    this.#reader = reader
    this.#fromOffset = fromOffset
    this.#bound = bound
    this.#options = options
    this.#done = done
    this.#cuts = reader.state.cuts
    this.#baseOffset = fromOffset
    this.#nextOffset = fromOffset
    const { segments } = reader.state
    this.#segment = segments.at(Math.max(0, segments.indexOf(fromOffset))) ?? segments.active
    this.#position = reader.cursors.find(fromOffset, this.#segment)
    this.#isExact = this.#position >= 0
  }

  /** Reads chunk by chunk until the answer is full or there is nothing more below the bound. */
  run(): void {
    try {
      if (this.#position < 0) {
        const entry = this.#segment.offsetIndex.floor(this.#fromOffset)
        this.#position = entry.position
        this.#indexedOffset = entry.position > 0 ? entry.offset : -1
      }
      for (;;) {
        if (this.#position >= this.#segment.writtenBytes && !this.#enterNextSegment()) {
          this.#finish()
          return
        }
        const length = this.#chunkLength()
        const buffer = this.#reader.state.environment.buffers.lend(length)
        if (!this.#isWarm()) {
          this.#readCold(buffer, length)
          return
        }
        const got = this.#segment.log.use().readSync(buffer, 0, length, this.#position)
        if (!this.#take(buffer, got)) return
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #enterNextSegment(): boolean {
    if (this.#sizeBytes > 0) return false
    const { segments } = this.#reader.state
    const next = segments.all.find((segment) => segment.baseOffset > this.#segment.baseOffset)
    if (next === undefined || next.baseOffset >= this.#bound) return false
    this.#segment = next
    this.#position = 0
    return next.writtenBytes > 0 || this.#enterNextSegment()
  }

  #chunkLength(): number {
    const left = this.#segment.writtenBytes - this.#position
    const wanted =
      Math.max(0, this.#options.sizeBytesMax - this.#sizeBytes) + (this.#isExact ? 0 : SEEK_SLACK_BYTES)
    const length = Math.max(CHUNK_BYTES_MIN, Math.min(wanted, limits.readChunkBytes), this.#neededBytes)
    return Math.min(left, length)
  }

  /** Whether the bytes were written by this process not long ago. */
  #isWarm(): boolean {
    const segment = this.#segment
    if (this.#position < segment.coldBytes) return false
    const { segments } = this.#reader.state
    let behind = segment.writtenBytes - this.#position
    for (let i = segments.count - 1; behind <= limits.warmTailBytes; i--) {
      const later = segments.at(i)
      if (later === undefined || later.baseOffset <= segment.baseOffset) return true
      behind += later.writtenBytes
    }
    return false
  }

  #readCold(buffer: Buffer, length: number): void {
    const { log } = this.#segment
    log.hold().read(buffer, 0, length, this.#position, (error, got) => {
      log.free()
      const reader = this.#reader
      // An asynchronous read that began before a cut starts over.
      if (reader.state.cuts !== this.#cuts) {
        reader.state.environment.buffers.takeBack(buffer)
        this.#giveBack()
        reader.read(this.#fromOffset, this.#options, this.#done)
        return
      }
      if (error !== null) {
        reader.state.environment.buffers.takeBack(buffer)
        this.#fail(error)
        return
      }
      try {
        if (this.#take(buffer, got)) this.run()
      } catch (failure) {
        this.#fail(failure)
      }
    })
  }

  /** Takes the wanted batches of a chunk; returns whether to read on. */
  #take(buffer: Buffer, got: number): boolean {
    // The batch at an index entry holds the entry's offset; one that begins later would hide records.
    const isMisled =
      this.#indexedOffset >= 0 && got >= BATCH_HEADER_BYTES && baseOffset(buffer, 0) > this.#indexedOffset
    if (isMisled && this.#startsOverWithoutIndex()) {
      this.#reader.state.environment.buffers.takeBack(buffer)
      return true
    }
    const walk = walkBatches(buffer, got, {
      fromOffset: this.#fromOffset,
      boundOffset: this.#bound,
      spaceBytes: this.#options.sizeBytesMax - this.#sizeBytes,
      takesFirstWhole: this.#options.atLeastOneBatch && this.#sizeBytes === 0,
      skipsEmpty: this.#options.skipsEmptyBatches && this.#sizeBytes === 0,
      verifyFrom: this.#segment.verifiedBytes - this.#position,
      verifyTo: this.#segment.coldBytes - this.#position,
    })
    if (walk.fault !== null) {
      this.#reader.state.environment.buffers.takeBack(buffer)
      return this.#startsOverWithoutIndex() || this.#damaged(walk.fault)
    }
    this.#skippedEmpty ||= walk.skippedEmpty
    if (this.#position <= this.#segment.verifiedBytes) {
      this.#segment.verifiedBytes = Math.max(this.#segment.verifiedBytes, this.#position + walk.endPosition)
    }
    if (walk.sizeBytes > 0) {
      if (this.#sizeBytes === 0) this.#baseOffset = walk.baseOffset
      this.#buffers.push(buffer.subarray(walk.startPosition, walk.endPosition))
      this.#lent.push(buffer)
      this.#sizeBytes += walk.sizeBytes
      this.#nextOffset = walk.nextOffset
    } else this.#reader.state.environment.buffers.takeBack(buffer)
    return this.#goOn(walk.end, walk.endPosition, walk.neededBytes, got)
  }

  #goOn(end: ChunkEnd, consumedBytes: number, neededBytes: number, got: number): boolean {
    this.#position += consumedBytes
    // The next batch, of which a part may be here, does not fit any more: nobody need read on to find that out.
    const leftBytes = this.#options.sizeBytesMax - this.#sizeBytes
    const isFull = this.#sizeBytes > 0 && leftBytes < Math.max(neededBytes, BATCH_HEADER_BYTES)
    if (end === 'stop' || isFull) {
      this.#finish()
      return false
    }
    // The chunk ended inside a batch: read on from its first byte, all of it when it is larger than a chunk.
    this.#neededBytes = neededBytes
    this.#isExact ||= this.#sizeBytes > 0
    if (consumedBytes === 0 && got >= this.#segment.writtenBytes - this.#position) {
      return this.#startsOverWithoutIndex() || this.#damaged('the segment ends inside a record batch')
    }
    this.#indexedOffset = -1
    return true
  }

  #finish(): void {
    if (this.#sizeBytes === 0) {
      if (this.#skippedEmpty) {
        // Nothing but empty batches up to the bound: they tell a consumer how far it has come.
        this.#reader.read(this.#fromOffset, { ...this.#options, skipsEmptyBatches: false }, this.#done)
      } else this.#done(emptySlice(this.#fromOffset))
      return
    }
    this.#reader.cursors.remember(this.#nextOffset, this.#segment, this.#position)
    const lent = this.#lent
    const { buffers } = this.#reader.state.environment
    let isReleased = false
    this.#done({
      ok: true,
      buffers: this.#buffers,
      sizeBytes: this.#sizeBytes,
      baseOffset: this.#baseOffset,
      nextOffset: this.#nextOffset,
      release() {
        if (isReleased) throw new Error('a read is released twice')
        isReleased = true
        for (const buffer of lent) buffers.takeBack(buffer)
      },
    })
  }

  #giveBack(): void {
    for (const buffer of this.#lent.splice(0)) this.#reader.state.environment.buffers.takeBack(buffer)
  }

  /** Where the index led is no batch: an index is a cache (trap 3), so it is built anew and asked once more. */
  #startsOverWithoutIndex(): boolean {
    if (this.#indexedOffset < 0) return false
    this.#indexedOffset = -1
    this.#position = this.#reader.owner.rebuildIndexes(this.#segment)
      ? this.#segment.offsetIndex.floor(this.#fromOffset).position
      : 0
    return true
  }

  #damaged(reason: string): false {
    this.#giveBack()
    const { owner, state } = this.#reader
    const trusted = trustedUpTo(this.#segment, state.environment.buffers)
    const offset = Math.min(trusted, Math.max(this.#nextOffset, this.#fromOffset))
    owner.foundDamage(offset, `${reason} (${this.#segment.log.path} near ${this.#position})`)
    this.#done(readFailure(ErrorCode.KAFKA_STORAGE_ERROR, reason))
    return false
  }

  #fail(error: unknown): void {
    this.#giveBack()
    if (!(error instanceof DiskError)) throw error
    if (!isPassing(error)) this.#reader.owner.diskFailed(error)
    this.#done(readFailure(ErrorCode.KAFKA_STORAGE_ERROR, error.message))
  }
}
