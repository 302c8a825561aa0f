/**
 * Who waits until other nodes serve a change: woken when all of them do, or when the time is over.
 *
 * Who is waited for is asked anew at every look, so that a node that dies holds nobody up.
 */
import type { Clock, Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'

interface Waiter {
  readonly offset: number
  readonly nodeIds: () => Iterable<number>
  readonly done: () => void
  readonly timer: Timer
}

export class ServedWaiters {
  readonly #clock: Clock
  /** One past the last offset that a node serves, as far as this node knows; -1 nothing known. */
  readonly #appliedOffset: (nodeId: number) => number
  readonly #waiters = new Set<Waiter>()

  constructor(clock: Clock, appliedOffset: (nodeId: number) => number) {
    this.#clock = clock
    this.#appliedOffset = appliedOffset
  }

  /** Resolves when every node serves everything below `offset`, or after `deadlineMs`; at once where too many wait. */
  wait(offset: number, nodeIds: () => Iterable<number>, deadlineMs: number): Promise<void> {
    const mayWait = deadlineMs > 0 && this.#waiters.size < limits.parkedRequestsMax
    if (!mayWait || this.#isServed(offset, nodeIds)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiters.delete(waiter)
        waiter.timer.cancel()
        resolve()
      }
      const waiter: Waiter = { offset, nodeIds, done, timer: this.#clock.schedule(deadlineMs, () => done()) }
      this.#waiters.add(waiter)
    })
  }

  /** Something has moved. */
  look(): void {
    for (const { offset, nodeIds, done } of [...this.#waiters]) if (this.#isServed(offset, nodeIds)) done()
  }

  /** Nobody waits any longer. */
  release(): void {
    for (const { done } of [...this.#waiters]) done()
  }

  #isServed(offset: number, nodeIds: () => Iterable<number>): boolean {
    for (const nodeId of nodeIds()) if (this.#appliedOffset(nodeId) < offset) return false
    return true
  }
}
