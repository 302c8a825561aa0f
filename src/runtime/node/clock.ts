/**
 * The machine's clocks and timers behind the clock port.
 *
 * `endOfTurn` is one `setImmediate` for all callers of a turn: it runs after the sockets of this turn have
 * been read, and drains until nothing is left, so that appends, acknowledgements and answers that follow
 * from each other leave in the same turn.
 */
import type { Clock, Timer } from '../clock.ts'
import { TimerHeap } from '../timer-heap.ts'

const TIMER_MS_MAX = 2 ** 31 - 1

/**
 * All timers of a clock on one of Node's, armed for the earliest. A `Timeout` of Node per request, cancelled a moment
 * later, is promoted by the collector with everything that it led to: a quarter of all garbage of acks=all.
 */
class OneTimer {
  readonly #heap: TimerHeap
  readonly #keepsAlive: boolean
  #handle: NodeJS.Timeout | null = null
  #armedForMs = Number.POSITIVE_INFINITY

  constructor(keepsAlive: boolean) {
    this.#keepsAlive = keepsAlive
    // With nothing to wait for, it must not keep the process.
    this.#heap = new TimerHeap(() => this.#disarm())
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const dueMs = performance.now() + delayMs
    const timer = this.#heap.add(dueMs, callback)
    if (dueMs < this.#armedForMs) this.#arm()
    return timer
  }

  #arm(): void {
    this.#disarm()
    if (this.#heap.size === 0) return
    this.#armedForMs = this.#heap.earliestMs
    const leftMs = Math.max(0, Math.ceil(this.#armedForMs - performance.now()))
    this.#handle = setTimeout(this.#fire, Math.min(leftMs, TIMER_MS_MAX))
    if (!this.#keepsAlive) this.#handle.unref()
  }

  #disarm(): void {
    if (this.#handle !== null) clearTimeout(this.#handle)
    this.#handle = null
    this.#armedForMs = Number.POSITIVE_INFINITY
  }

  /** Node's timers count whole milliseconds of their own and may fire up to one early; these never do. */
  readonly #fire = (): void => {
    const nowMs = performance.now()
    // Nobody arms it meanwhile: that is done once, when all that is due has run.
    this.#armedForMs = Number.NEGATIVE_INFINITY
    try {
      while (this.#heap.runOne(nowMs)) {}
    } finally {
      this.#arm()
    }
  }
}

export interface NodeClockOptions {
  /** A waiting timer keeps the process alive: for commands, which end when nothing is left to do. */
  readonly keepsAlive?: boolean
}

export function createNodeClock(options: NodeClockOptions = {}): Clock {
  const timers = new OneTimer(options.keepsAlive ?? false)
  let queue: Array<() => void> = []
  let scheduled = false
  const drain = (): void => {
    while (queue.length > 0) {
      const round = queue
      queue = []
      for (const callback of round) callback()
    }
    scheduled = false
  }
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    schedule: (delayMs, callback) => timers.schedule(Math.max(0, delayMs), callback),
    endOfTurn(callback) {
      queue.push(callback)
      if (scheduled) return
      scheduled = true
      setImmediate(drain)
    },
  }
}
