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
  /** All that are free or lent, and which of the two: a set that they left and joined would be garbage (`seats.ts`). */
  readonly #isLent = new Map<Buffer, boolean>()
  #freeBytes = 0
  #lentCount = 0

  /** A buffer of at least `sizeBytes`, its content undefined. */
  lend(sizeBytes: number): Buffer {
    const index = CLASSES.findIndex((size) => size >= sizeBytes)
    const buffer = this.#free[index]?.pop()
    if (buffer !== undefined) {
      this.#freeBytes -= buffer.length
      this.#isLent.set(buffer, true)
      this.#lentCount++
      return buffer
    }
    const fresh = Buffer.allocUnsafeSlow(CLASSES[index] ?? sizeBytes)
    this.#isLent.set(fresh, true)
    this.#lentCount++
    return fresh
  }

  takeBack(buffer: Buffer): void {
    if (this.#isLent.get(buffer) !== true) throw new Error('a read buffer is given back that was not lent')
    this.#lentCount--
    const index = CLASSES.indexOf(buffer.length)
    if (index < 0 || this.#freeBytes + buffer.length > limits.readPoolBytesMax) {
      this.#isLent.delete(buffer)
      return
    }
    this.#isLent.set(buffer, false)
    this.#freeBytes += buffer.length
    this.#free[index]?.push(buffer)
  }

  /** Buffers that readers hold now. */
  get lentCount(): number {
    return this.#lentCount
  }
}
