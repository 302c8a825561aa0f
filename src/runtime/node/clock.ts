/**
 * The machine's clocks and timers behind the clock port.
 *
 * `endOfTurn` is one `setImmediate` for all callers of a turn: it runs after the sockets of this turn have
 * been read, and drains until nothing is left, so that appends, acknowledgements and answers that follow
 * from each other leave in the same turn.
 */
import type { Clock, Timer } from '../clock.ts'

const TIMER_MS_MAX = 2 ** 31 - 1

/** Node's timers count whole milliseconds of their own and may fire up to one early; these never do. */
function scheduleFar(delayMs: number, keepsAlive: boolean, callback: () => void): Timer {
  const dueMs = performance.now() + delayMs
  let handle: NodeJS.Timeout
  const arm = (leftMs: number): void => {
    handle = setTimeout(fire, Math.min(Math.ceil(leftMs), TIMER_MS_MAX))
    if (!keepsAlive) handle.unref()
  }
  const fire = (): void => {
    const leftMs = dueMs - performance.now()
    if (leftMs > 0) arm(leftMs)
    else callback()
  }
  arm(delayMs)
  return { cancel: () => clearTimeout(handle) }
}

export interface NodeClockOptions {
  /** A waiting timer keeps the process alive: for commands, which end when nothing is left to do. */
  readonly keepsAlive?: boolean
}

export function createNodeClock(options: NodeClockOptions = {}): Clock {
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
    schedule(delayMs, callback) {
      return scheduleFar(Math.max(0, delayMs), options.keepsAlive ?? false, callback)
    },
    endOfTurn(callback) {
      queue.push(callback)
      if (scheduled) return
      scheduled = true
      setImmediate(drain)
    },
  }
}
