/**
 * Chooses from one chunk of a segment the batches that belong into an answer. Pure: bytes in, positions out.
 */
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSizeBytes,
  isCrcValid,
  lastOffsetDelta,
  MAGIC,
  magicOf,
  recordCount,
} from '../protocol/records/batch.ts'

export interface WalkWish {
  /** Batches that end below are passed over. */
  readonly fromOffset: number
  /** Batches that begin at or above are not wanted, nor what follows. */
  readonly boundOffset: number
  readonly spaceBytes: number
  /** The first batch is taken even if it needs more space. */
  readonly takesFirstWhole: boolean
  /** Leading batches without records are passed over. */
  readonly skipsEmpty: boolean
  /** Checksums of batches that begin in [verifyFrom, verifyTo) of the chunk are verified. */
  readonly verifyFrom: number
  readonly verifyTo: number
}

/** `stop`: no more is wanted; `more`: the chunk ended first. */
export type ChunkEnd = 'stop' | 'more'

export interface WalkResult {
  readonly end: ChunkEnd
  /** Where what was taken begins; it ends at `endPosition`. */
  readonly startPosition: number
  /** The first byte that was neither taken nor passed over. */
  readonly endPosition: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly nextOffset: number
  /** Size of the batch that the chunk cuts; 0 if unknown. */
  readonly neededBytes: number
  readonly skippedEmpty: boolean
  /** Why the chunk is no sequence of batches; null when it is. */
  readonly fault: string | null
}

/** Walks over the batches in `chunk[0, length)`. */
export function walkBatches(chunk: Buffer, length: number, wish: WalkWish): WalkResult {
  let end: ChunkEnd = 'more'
  let start = -1
  let at = 0
  let first = -1
  let next = -1
  let neededBytes = 0
  let skippedEmpty = false
  let fault: string | null = null
  while (at + BATCH_HEADER_BYTES <= length) {
    const sizeBytes = batchSizeBytes(chunk, at)
    const base = baseOffset(chunk, at)
    const last = base + lastOffsetDelta(chunk, at)
    if (sizeBytes < BATCH_HEADER_BYTES || magicOf(chunk, at) !== MAGIC || last < base || base < next) {
      fault = `no record batch where one should be (offset ${base}, size ${sizeBytes})`
      break
    }
    if (base >= wish.boundOffset) {
      end = 'stop'
      break
    }
    const passes = last < wish.fromOffset || (wish.skipsEmpty && start < 0 && recordCount(chunk, at) === 0)
    const takenBytes = start < 0 ? 0 : at - start
    const mayBeLarger = wish.takesFirstWhole && start < 0
    if (!passes && !mayBeLarger && takenBytes + sizeBytes > wish.spaceBytes) {
      end = 'stop'
      break
    }
    if (at + sizeBytes > length) {
      neededBytes = sizeBytes
      break
    }
    if (at >= wish.verifyFrom && at < wish.verifyTo && !isCrcValid(chunk, at)) {
      fault = `the checksum of the record batch at offset ${base} is wrong`
      break
    }
    if (passes) skippedEmpty ||= last >= wish.fromOffset
    else if (start < 0) {
      start = at
      first = base
    }
    at += sizeBytes
    next = last + 1
  }
  // A fault behind good batches is left for the next read, which will begin with it.
  if (fault !== null && start >= 0) {
    fault = null
    end = 'stop'
  }
  return {
    end,
    startPosition: Math.max(start, 0),
    endPosition: at,
    sizeBytes: start < 0 ? 0 : at - start,
    baseOffset: first,
    nextOffset: next,
    neededBytes,
    skippedEmpty,
    fault,
  }
}
