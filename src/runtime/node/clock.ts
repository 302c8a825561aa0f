/**
 * The machine's clocks and timers behind the clock port.
 *
 * `endOfTurn` is one `setImmediate` for all callers of a turn: it runs after the sockets of this turn have
 * been read, and drains until nothing is left, so that appends, acknowledgements and answers that follow
 * from each other leave in the same turn.
 */
import type { Clock, Timer } from '../clock.ts'

const TIMER_MS_MAX = 2 ** 31 - 1

function scheduleFar(remainingMs: number, keepsAlive: boolean, callback: () => void): Timer {
  let handle: NodeJS.Timeout
  const arm = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, TIMER_MS_MAX)
    handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : callback()), stepMs)
    if (!keepsAlive) handle.unref()
  }
  arm(remainingMs)
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
      return scheduleFar(Math.max(0, Math.ceil(delayMs)), options.keepsAlive ?? false, callback)
    },
    endOfTurn(callback) {
      queue.push(callback)
      if (scheduled) return
      scheduled = true
      setImmediate(drain)
    },
  }
}
