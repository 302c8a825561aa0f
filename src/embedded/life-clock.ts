/**
 * A clock for one life of a node: what it asked for never happens once that life is over.
 *
 * It may be ahead of the clock that it stands on, and further ahead from one moment to the next; what is due by then
 * runs when it is told to look. One timer of the clock below serves all of its own.
 */
import type { Clock, Timer } from '../runtime/clock.ts'
import { TimerHeap } from '../runtime/timer-heap.ts'

/** What the clock shows beyond the one below, in milliseconds. */
export interface Ahead {
  readonly wallMs: number
  readonly monotonicMs: number
}

const NEVER: Timer = { cancel() {} }

export class LifeClock implements Clock {
  readonly #base: Clock
  readonly #ahead: () => Ahead
  #heap = new TimerHeap()
  #armed: Timer = NEVER
  /** On the clock below. */
  #armedForMs = Number.POSITIVE_INFINITY
  #isOver = false

  constructor(base: Clock, ahead: () => Ahead) {
    this.#base = base
    this.#ahead = ahead
  }

  wallMs(): number {
    return Math.floor(this.#base.wallMs() + this.#ahead().wallMs)
  }

  monotonicMs(): number {
    return this.#base.monotonicMs() + this.#ahead().monotonicMs
  }

  schedule(delayMs: number, callback: () => void): Timer {
    if (this.#isOver) return NEVER
    const timer = this.#heap.add(this.monotonicMs() + Math.max(0, delayMs), callback)
    this.#arm()
    return timer
  }

  endOfTurn(callback: () => void): void {
    this.#base.endOfTurn(() => {
      if (!this.#isOver) callback()
    })
  }

  /** Until the next timer is due; 0 when one is, infinity when there is none. */
  get nextInMs(): number {
    return Math.max(0, this.#heap.earliestMs - this.monotonicMs())
  }

  /** Runs what is due; whether there was anything. */
  look(): boolean {
    const nowMs = this.monotonicMs()
    let hasRun = false
    while (this.#heap.runOne(nowMs)) hasRun = true
    this.#armed.cancel()
    this.#armedForMs = Number.POSITIVE_INFINITY
    this.#arm()
    return hasRun
  }

  /** Nothing of it ever happens again. */
  end(): void {
    this.#isOver = true
    this.#armed.cancel()
    this.#heap = new TimerHeap()
  }

  #arm(): void {
    const dueMs = this.#heap.earliestMs - this.#ahead().monotonicMs
    if (this.#isOver || dueMs >= this.#armedForMs) return
    this.#armed.cancel()
    this.#armedForMs = dueMs
    this.#armed = this.#base.schedule(Math.max(0, dueMs - this.#base.monotonicMs()), () => void this.look())
  }
}
