/**
 * Tells the operator about requests that were refused, without letting a flood of them fill the disk.
 *
 * A few lines a second at most; how many others there were stands in the first line of a later second.
 */
import type { Clock } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { Log } from '../../runtime/log.ts'

const SECOND_MS = 1_000

export class RefusalLog {
  readonly #clock: Clock
  readonly #log: Log
  #secondBeganMs = Number.NEGATIVE_INFINITY
  #linesInSecond = 0
  #untold = 0

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  refused(peer: string, reason: string): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#secondBeganMs >= SECOND_MS) {
      this.#secondBeganMs = nowMs
      this.#linesInSecond = 0
    }
    if (this.#linesInSecond >= limits.refusalLinesPerSecondMax) {
      this.#untold++
      return
    }
    this.#linesInSecond++
    this.#log.warn('request refused', {
      peer,
      reason,
      ...(this.#untold === 0 ? {} : { untoldBefore: this.#untold }),
    })
    this.#untold = 0
  }
}
