/**
 * How many syncs of one directory run at once: a slow disk must not take every thread of the pool (trap 20).
 */
export class SyncSlots {
  readonly #slotsMax: number
  #used = 0
  readonly #waiting: Array<() => void> = []

  constructor(slotsMax: number) {
    this.#slotsMax = slotsMax
  }

  /** Runs `start` now or when a slot is free; it must call `release` once. */
  acquire(start: () => void): void {
    if (this.#used >= this.#slotsMax) {
      this.#waiting.push(start)
      return
    }
    this.#used++
    start()
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#used--
    else next()
  }
}
