/**
 * When a writer's records were acknowledged, and the longest silence between two of them.
 */
export class AcknowledgedTimes {
  readonly #atMs: number[] = []

  /** Now. */
  note(): void {
    this.#atMs.push(performance.now())
  }

  /** The longest time without an acknowledgement from `fromMs` to `toMs`. */
  gapMs(fromMs: number, toMs: number): number {
    let last = this.#atMs.findLast((atMs) => atMs <= fromMs) ?? fromMs
    let longest = 0
    for (const atMs of this.#atMs) {
      if (atMs < fromMs || atMs > toMs) continue
      longest = Math.max(longest, atMs - last)
      last = atMs
    }
    return Math.max(longest, toMs - last)
  }
}
