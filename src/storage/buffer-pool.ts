/**
 * Buffers for reading from files, lent in a few sizes and taken back.
 *
 * Pooled chunks halve the cost of a large read against fresh memory. What is larger than the largest class is
 * allocated for its reader and forgotten. It must never lend a buffer twice (trap 20): giving back one that is
 * not out is an assertion.
 */
import { limits } from '../runtime/limits.ts'

const KiB = 1024
const CLASSES: readonly number[] = [4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, 1024 * KiB]

export class BufferPool {
  readonly #free: Buffer[][] = CLASSES.map(() => [])
  readonly #lent = new Set<Buffer>()
  #freeBytes = 0

  /** A buffer of at least `sizeBytes`, its content undefined. */
  lend(sizeBytes: number): Buffer {
    const index = CLASSES.findIndex((size) => size >= sizeBytes)
    const buffer = this.#free[index]?.pop()
    if (buffer !== undefined) {
      this.#freeBytes -= buffer.length
      this.#lent.add(buffer)
      return buffer
    }
    const fresh = Buffer.allocUnsafeSlow(CLASSES[index] ?? sizeBytes)
    this.#lent.add(fresh)
    return fresh
  }

  takeBack(buffer: Buffer): void {
    if (!this.#lent.delete(buffer)) throw new Error('a read buffer is given back that was not lent')
    if (this.#freeBytes + buffer.length > limits.readPoolBytesMax) return
    const index = CLASSES.indexOf(buffer.length)
    if (index < 0) return
    this.#freeBytes += buffer.length
    this.#free[index]?.push(buffer)
  }

  /** Buffers that readers hold now. */
  get lentCount(): number {
    return this.#lent.size
  }
}
