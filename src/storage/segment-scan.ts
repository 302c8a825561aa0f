/**
 * Walks over a segment's batches from a position on, reading ahead in large chunks: what recovery, index
 * rebuilding and cutting have in common.
 *
 * It stops at the first thing that is not a whole, right batch and says where and why; what to do about
 * it is the caller's decision (trap 2).
 */
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSizeBytes,
  isCrcValid,
  lastOffsetDelta,
  leaderEpoch,
  MAGIC,
  magicOf,
} from '../protocol/records/batch.ts'
import { limits } from '../runtime/limits.ts'
import { type BatchFacts, nextOffsetOf, readBatchFacts } from './batch-facts.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { PooledFile } from './open-files.ts'

/** What the 32 bits of an index entry can tell: no batch lies further behind the beginning of its segment. */
const RELATIVE_OFFSET_MAX = 0x7fffffff

export interface ScanWish {
  readonly startPosition: number
  /** Bytes of the segment that belong to it. */
  readonly endPosition: number
  /** Batches before it keep their checksums unlooked at. */
  readonly verifyFromPosition: number
  /** Of the segment: batches begin neither below, nor too far behind. */
  readonly offsetMin: number
  /** Answers false to stop before the batch counts. `chunk` holds the batch at `at` only during the call. */
  readonly visit: (facts: BatchFacts, chunk: Buffer, at: number) => boolean
}

/** As much of a segment as a whole scan needs. */
interface ScannedSegment {
  readonly log: PooledFile
  readonly baseOffset: number
  readonly writtenBytes: number
}

export interface ScanResult {
  /** The first byte that is not part of a good, visited batch. */
  readonly endPosition: number
  /** The offset that would follow; `offsetMin` when there was no batch. */
  readonly nextOffset: number
  /** Why the batch at `endPosition` is bad; null when the scan got to the end or the visitor stopped it. */
  readonly fault: string | null
}

/**
 * The offset up to which a segment that is bad somewhere can be trusted: its first gap, or its first bad batch. A whole page
 * goes wrong at once, and what was misdirected there may begin with whole batches; as no batch tells of which log it is, one
 * behind a gap may be such a stray, in the place of records that compaction had kept. Throws `DiskError`.
 */
export function trustedUpTo(
  { log, baseOffset: offsetMin, writtenBytes: endPosition }: ScannedSegment,
  buffers: BufferPool,
): number {
  let expected = offsetMin
  const visit = (facts: BatchFacts): boolean => {
    if (facts.baseOffset !== expected) return false
    expected = nextOffsetOf(facts)
    return true
  }
  const wish = { startPosition: 0, endPosition, verifyFromPosition: 0, offsetMin, visit }
  return scanSegment(log, buffers, wish).nextOffset
}

/** As `scanSegment`, of all batches from a position on, their checksums unlooked at. */
export function scanHeaders(
  { log, baseOffset: offsetMin, writtenBytes: endPosition }: ScannedSegment,
  buffers: BufferPool,
  startPosition: number,
  visit: ScanWish['visit'],
): ScanResult {
  const verifyFromPosition = Number.POSITIVE_INFINITY
  return scanSegment(log, buffers, { startPosition, endPosition, verifyFromPosition, offsetMin, visit })
}

/** Scans synchronously; throws `DiskError` when reading fails. */
export function scanSegment(file: PooledFile, buffers: BufferPool, wish: ScanWish): ScanResult {
  let position = wish.startPosition
  let nextOffset = wish.offsetMin
  // Before the batch that was visited last, and what that one claims of itself.
  let before = { position, nextOffset, base: nextOffset, epoch: -1 }
  let chunk = buffers.lend(Math.min(limits.readChunkBytes, Math.max(0, wish.endPosition - position)))
  const end = (fault: string | null): ScanResult => ({ endPosition: position, nextOffset, fault })
  try {
    while (position < wish.endPosition) {
      const got = file.use().readSync(chunk, 0, Math.min(chunk.length, wish.endPosition - position), position)
      let at = 0
      while (at + BATCH_HEADER_BYTES <= got) {
        const sizeBytes = batchSizeBytes(chunk, at)
        const fault = headerFault(chunk, at, position, wish, nextOffset)
        const lastFault = faultOfLast(before, chunk, at, fault, nextOffset)
        if (lastFault !== null) {
          ;({ position, nextOffset } = before)
          return end(lastFault)
        }
        if (fault !== null) return end(fault)
        if (at + sizeBytes > got) break
        if (position >= wish.verifyFromPosition && !isCrcValid(chunk, at)) {
          return end(`wrong checksum at offset ${baseOffset(chunk, at)}`)
        }
        const facts = { ...readBatchFacts(chunk, at), position }
        if (!wish.visit(facts, chunk, at)) return end(null)
        before = { position, nextOffset, base: facts.baseOffset, epoch: facts.leaderEpoch }
        nextOffset = facts.baseOffset + facts.lastOffsetDelta + 1
        at += sizeBytes
        position += sizeBytes
      }
      if (at > 0) continue
      if (got < BATCH_HEADER_BYTES) return end(`${got} bytes are no record batch`)
      if (chunk.length >= batchSizeBytes(chunk, 0)) return end('the record batch is cut')
      const larger = buffers.lend(batchSizeBytes(chunk, 0))
      buffers.takeBack(chunk)
      chunk = larger
    }
    return end(null)
  } finally {
    buffers.takeBack(chunk)
  }
}

/**
 * What is wrong with the batch before this one, as this one shows: no checksum covers the offset at which a batch begins, nor
 * its leader epoch. One that left a gap, and behind which a batch follows that fits without it, is itself the wrong one; so
 * may be one of a later epoch than what follows it.
 */
function faultOfLast(
  last: { readonly nextOffset: number; readonly base: number; readonly epoch: number },
  chunk: Buffer,
  at: number,
  fault: string | null,
  nextOffset: number,
): string | null {
  const base = baseOffset(chunk, at)
  if (fault === null) {
    const epoch = leaderEpoch(chunk, at)
    return epoch < last.epoch ? `leader epoch ${epoch} after ${last.epoch}` : null
  }
  const isOutOfOrder = base < nextOffset && base >= last.nextOffset && last.base > last.nextOffset
  return isOutOfOrder ? `the record batch before ${base} begins at ${last.base}` : null
}

/** Length, magic, rising offsets (trap 2). */
function headerFault(
  chunk: Buffer,
  at: number,
  position: number,
  wish: ScanWish,
  offsetMin: number,
): string | null {
  const sizeBytes = batchSizeBytes(chunk, at)
  if (sizeBytes < BATCH_HEADER_BYTES) return `record batch size ${sizeBytes} is smaller than its header`
  if (position + sizeBytes > wish.endPosition) return `a record batch of ${sizeBytes} bytes is cut`
  if (magicOf(chunk, at) !== MAGIC) return `magic ${magicOf(chunk, at)} instead of ${MAGIC}`
  const base = baseOffset(chunk, at)
  if (base < offsetMin || lastOffsetDelta(chunk, at) < 0) {
    return `a record batch begins at offset ${base}, below ${offsetMin}`
  }
  if (base + lastOffsetDelta(chunk, at) - wish.offsetMin > RELATIVE_OFFSET_MAX)
    return `a record batch begins at offset ${base}, too far from ${wish.offsetMin}`
  return null
}
