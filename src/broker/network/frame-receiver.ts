/**
 * Cuts a byte stream into request frames inside the slabs it was read into, without copying a body.
 *
 * A frame is an int32 size and that many bytes. The declared size is checked against the bound and then
 * only believed as bytes arrive: a slab at most doubles what has been received, so that a client that
 * declares 2 GiB and sends nothing costs nothing.
 */
import { limits } from '../../runtime/limits.ts'
import type { Slab, SlabPool } from './slab-pool.ts'

export interface FrameSink {
  /** One whole frame, without its size; `slab` must be retained by whoever keeps the bytes past the call. */
  frame(bytes: Buffer, slab: Slab): void
  /** The stream cannot be understood any more; nothing further is delivered. */
  malformed(reason: string): void
}

const FIRST_SLAB_BYTES = 4_096
const SIZE_BYTES = 4

export class FrameReceiver {
  readonly #pool: SlabPool
  readonly #sink: FrameSink
  readonly #frameSizeBytesMax: () => number
  #slab: Slab
  /** First byte of the slab that belongs to no delivered frame. */
  #start = 0
  /** First byte of the slab that nothing was read into. */
  #end = 0
  /** Size that the next slab opens with: what this connection has shown to need. */
  #slabBytes = FIRST_SLAB_BYTES
  #broken = false

  constructor(pool: SlabPool, sink: FrameSink, frameSizeBytesMax: () => number) {
    this.#pool = pool
    this.#sink = sink
    this.#frameSizeBytesMax = frameSizeBytesMax
    this.#slab = pool.lend(FIRST_SLAB_BYTES)
  }

  /** Where the socket may read to next. */
  nextBuffer(): Buffer {
    const buffer = this.#slab.buffer
    return buffer.subarray(this.#end, Math.min(buffer.length, this.#end + limits.readWindowBytes))
  }

  received(bytesRead: number): void {
    if (this.#broken) return
    this.#end += bytesRead
    this.#deliver()
    if (!this.#broken) this.#makeRoom()
  }

  /** Gives the memory back; the receiver must not be used any more. */
  close(): void {
    this.#broken = true
    this.#slab.release()
  }

  #deliver(): void {
    const slab = this.#slab
    const buffer = slab.buffer
    while (this.#end - this.#start >= SIZE_BYTES) {
      const size = buffer.readInt32BE(this.#start)
      if (size < 0 || size > this.#frameSizeBytesMax()) {
        this.#broken = true
        this.#sink.malformed(`a frame of ${size} bytes, at most ${this.#frameSizeBytesMax()} are read`)
        return
      }
      const frameEnd = this.#start + SIZE_BYTES + size
      if (frameEnd > this.#end) return
      const frame = buffer.subarray(this.#start + SIZE_BYTES, frameEnd)
      this.#start = frameEnd
      this.#sink.frame(frame, slab)
      if (this.#broken) return
    }
  }

  /** Leaves the slab with room for what comes next, moving only the part of a frame that has arrived. */
  #makeRoom(): void {
    const partialBytes = this.#end - this.#start
    if (partialBytes === 0 && this.#slab.unshared) {
      this.#start = 0
      this.#end = 0
    }
    const missingBytes = this.#missingBytes(partialBytes)
    const roomBytes = this.#slab.buffer.length - this.#end
    const wantedBytes = partialBytes + missingBytes
    const oversized =
      this.#slab.buffer.length > limits.receiveSlabBytesMax && wantedBytes <= limits.receiveSlabBytesMax
    if (roomBytes >= missingBytes && roomBytes > 0 && !oversized) return
    // A full first slab says that this is more than a handshake.
    if (roomBytes === 0) this.#slabBytes = Math.max(this.#slabBytes, limits.receiveSlabBytes)
    this.#slabBytes = Math.min(this.#slabBytes, limits.receiveSlabBytesMax)
    if (wantedBytes > this.#slabBytes) this.#slabBytes = this.#grown(wantedBytes, partialBytes)
    // The frame may be believed only as far as it has arrived; what is there still fits where it is.
    if (!oversized && roomBytes > 0 && this.#slabBytes <= this.#slab.buffer.length && this.#start === 0)
      return
    this.#moveTo(this.#pool.lend(this.#slabBytes), partialBytes)
  }

  #missingBytes(partialBytes: number): number {
    if (partialBytes < SIZE_BYTES) return 1
    return this.#slab.buffer.readInt32BE(this.#start) + SIZE_BYTES - partialBytes
  }

  #grown(wantedBytes: number, partialBytes: number): number {
    return Math.min(wantedBytes, Math.max(this.#slabBytes, 2 * partialBytes))
  }

  #moveTo(slab: Slab, partialBytes: number): void {
    this.#slab.buffer.copy(slab.buffer, 0, this.#start, this.#end)
    this.#slab.release()
    this.#slab = slab
    this.#start = 0
    this.#end = partialBytes
  }
}
