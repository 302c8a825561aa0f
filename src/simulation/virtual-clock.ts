/**
 * The clocks of one life of a node: monotonic time that may run fast or slow, and wall time that may be wrong and jump.
 *
 * Both follow the virtual time of the whole simulation. When the life is over, nothing that it asked for happens.
 */
import type { Clock, Timer } from '../runtime/clock.ts'
import type { EventQueue, EventSource } from './event-queue.ts'

/** How wrong the clocks of a machine are; may change while it runs. */
export interface ClockErrors {
  /** What wall time is ahead of the truth. */
  skewMs: number
  /** Milliseconds of the machine for each true one; constant for a life. */
  rate: number
  /** Where wall time stands still; null while it does not. */
  frozenMs: number | null
}

/** Wall time at the beginning of a simulation: 2025-01-01T00:00:00Z. */
export const EPOCH_MS = 1_735_689_600_000

/** Wall time of a machine, at `nowMs` of virtual time. */
export function wallMs(nowMs: number, { skewMs, frozenMs }: ClockErrors): number {
  return frozenMs ?? Math.floor(EPOCH_MS + nowMs + skewMs)
}

export class VirtualClock implements Clock {
  readonly #queue: EventQueue
  readonly #source: EventSource
  readonly #errors: ClockErrors

  constructor(
    queue: EventQueue,
    source: EventSource,
    errors: ClockErrors = { skewMs: 0, rate: 1, frozenMs: null },
  ) {
    this.#queue = queue
    this.#source = source
    this.#errors = errors
  }

  wallMs(): number {
    return wallMs(this.#queue.nowMs, this.#errors)
  }

  monotonicMs(): number {
    return this.#queue.nowMs * this.#errors.rate
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const { nowMs } = this.#queue
    let atMs = nowMs + Math.max(0, delayMs) / this.#errors.rate
    // Rounding must not let a timer fire before its time.
    const dueMs = nowMs * this.#errors.rate + Math.max(0, delayMs)
    while (atMs * this.#errors.rate < dueMs) atMs += Number.EPSILON * Math.max(1, atMs)
    return this.#source.schedule(atMs, callback)
  }

  endOfTurn(callback: () => void): void {
    this.#source.endOfTurn(callback)
  }
}
