/**
 * Lets a number of loops run, and stops them all between two rounds of theirs.
 *
 * `close` answers when every loop stands at the gate: then nothing is under way, and what the cluster holds
 * can be compared with what was acknowledged.
 */
export class Gate {
  readonly #loops: number
  #isOpen = true
  #isEnded = false
  #standing: Array<() => void> = []
  #allStand: (() => void) | null = null

  constructor(loops: number) {
    this.#loops = loops
  }

  /** Called by each loop before each round; false when there shall be no more rounds. */
  async pass(): Promise<boolean> {
    if (!this.#isOpen) {
      await new Promise<void>((resolve) => {
        this.#standing.push(resolve)
        if (this.#standing.length === this.#loops) this.#allStand?.()
      })
    }
    return !this.#isEnded
  }

  close(): Promise<void> {
    this.#isOpen = false
    return new Promise((resolve) => {
      this.#allStand = resolve
    })
  }

  open(): void {
    this.#isOpen = true
    const standing = this.#standing
    this.#standing = []
    for (const go of standing) go()
  }

  end(): void {
    this.#isEnded = true
    this.open()
  }
}
