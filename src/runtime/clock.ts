/**
 * The port through which the house learns the time and asks to be called later.
 *
 * Production fills it with the machine's clocks, the simulator with virtual time. Nobody outside
 * `runtime/node` may read a clock or set a timer in any other way, so that one seed gives one history.
 */

/** A pending call; `cancel` is idempotent and harmless after the call ran. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since the Unix epoch. May jump in both directions; only for what is shown or stored. */
  wallMs(): number
  /** Milliseconds since an arbitrary start, fractional, never going back; for every time-out. */
  monotonicMs(): number
  /** Calls back once `delayMs` (≥ 0) have passed on `monotonicMs`, never before. A timer alone does not keep a process alive. */
  schedule(delayMs: number, callback: () => void): Timer
  /**
   * Calls back once the events of this turn have all been delivered and before the next wait for I/O.
   * Calls made from inside such a callback still run in the same round, in order.
   */
  endOfTurn(callback: () => void): void
}
