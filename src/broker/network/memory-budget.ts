/**
 * Bytes of requests and answers that all connections together keep in memory, against one bound.
 *
 * One user gets only a share of what is free, so many greedy ones are served less and less instead of all that
 * there is. Above the bound those connections stop reading that keep some of it; they go on when half of it is
 * free again, in the order in which they stopped. Nothing is ever refused or thrown away.
 */
import { limits } from '../../runtime/limits.ts'

export interface Reader {
  rebalance(): void
}

export class MemoryBudget {
  readonly #sizeBytesMax: number
  readonly #parked = new Set<Reader>()
  #usedBytes = 0
  #exhausted = false

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get exhausted(): boolean {
    return this.#exhausted
  }

  /** What one user may have of `wantedBytes` now: a share of the free bytes, always enough for small needs. */
  share(wantedBytes: number): number {
    const freeBytes = this.#sizeBytesMax - this.#usedBytes
    return Math.min(
      wantedBytes,
      Math.max(limits.memoryShareBytesMin, Math.floor(freeBytes / limits.memoryShareDivisor)),
    )
  }

  take(sizeBytes: number): void {
    this.#usedBytes += sizeBytes
    if (this.#usedBytes > this.#sizeBytesMax) this.#exhausted = true
  }

  give(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes
    if (this.#usedBytes < 0) throw new Error('more memory is given back than was taken')
    if (!this.#exhausted || this.#usedBytes > this.#sizeBytesMax / 2) return
    this.#exhausted = false
    const parked = [...this.#parked]
    this.#parked.clear()
    for (const reader of parked) reader.rebalance()
  }

  /** Has the reader look again when there is room. */
  whenFree(reader: Reader): void {
    this.#parked.add(reader)
  }
}
