/**
 * Walks over the batches of a segment asynchronously, in chunks, letting other work run in between: for
 * compaction, which must never hold the event loop.
 *
 * Checksums are verified: what is rewritten must be what was written.
 */
import { BATCH_HEADER_BYTES, batchSizeBytes, isCrcValid, MAGIC, magicOf } from '../protocol/records/batch.ts'
import type { Clock } from '../runtime/clock.ts'
import { limits } from '../runtime/limits.ts'
import { type BatchFacts, readBatchFacts } from './batch-facts.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { Segment } from './segment.ts'
import { trustedUpTo } from './segment-scan.ts'

export class BadBatchError extends Error {
  /** From here on the log is not to be trusted. */
  readonly offset: number
  constructor(offset: number, reason: string) {
    super(reason)
    this.name = 'BadBatchError'
    this.offset = offset
  }
}

/** Lets other work run when the slice is used up. */
export class Slices {
  readonly #clock: Clock
  #startedMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  /** null while the slice lasts, so that nothing is awaited for nothing. */
  pause(): Promise<void> | null {
    if (this.#clock.monotonicMs() - this.#startedMs < limits.maintenanceSliceMs) return null
    return new Promise((resolve) => {
      this.#clock.schedule(0, () => {
        this.#startedMs = this.#clock.monotonicMs()
        resolve()
      })
    })
  }
}

function readChunk(segment: Segment, chunk: Buffer, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    segment.log.hold().read(chunk, 0, length, position, (error, got) => {
      segment.log.free()
      if (error === null) resolve(got)
      else reject(error)
    })
  })
}

/**
 * Calls `visit` for each batch of the segment in order; it answers false to stop. Answers whether it got to the
 * end. Rejects with `BadBatchError` or `DiskError`.
 */
export async function streamSegment(
  segment: Segment,
  buffers: BufferPool,
  slices: Slices,
  visit: (facts: BatchFacts, chunk: Buffer, at: number) => boolean | Promise<boolean>,
): Promise<boolean> {
  const endPosition = segment.writtenBytes
  let position = 0
  let chunk = buffers.lend(Math.min(limits.compactionChunkBytes, endPosition))
  // Of a batch whose checksum is wrong the offset is not known either.
  const bad = (what: string): BadBatchError =>
    new BadBatchError(trustedUpTo(segment, buffers), `${what} at ${position} of ${segment.log.path}`)
  try {
    while (position < endPosition) {
      const got = await readChunk(segment, chunk, Math.min(chunk.length, endPosition - position), position)
      let at = 0
      while (at + BATCH_HEADER_BYTES <= got) {
        const sizeBytes = batchSizeBytes(chunk, at)
        if (
          sizeBytes < BATCH_HEADER_BYTES ||
          magicOf(chunk, at) !== MAGIC ||
          position + sizeBytes > endPosition
        ) {
          throw bad('no record batch')
        }
        if (at + sizeBytes > got) break
        const facts = readBatchFacts(chunk, at)
        if (!isCrcValid(chunk, at)) throw bad('wrong checksum')
        const answer = visit(facts, chunk, at)
        if (!(typeof answer === 'boolean' ? answer : await answer)) return false
        at += sizeBytes
        position += sizeBytes
        const pause = slices.pause()
        if (pause !== null) await pause
      }
      if (at > 0) continue
      if (got < BATCH_HEADER_BYTES || chunk.length >= batchSizeBytes(chunk, 0)) {
        throw bad('a record batch is cut')
      }
      const larger = buffers.lend(batchSizeBytes(chunk, 0))
      buffers.takeBack(chunk)
      chunk = larger
    }
    return true
  } finally {
    buffers.takeBack(chunk)
  }
}
