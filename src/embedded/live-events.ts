/**
 * What happens to one life of a node in real time: what the virtual ways between nodes carry to it.
 *
 * Due events keep their order and wait for no timer: Node's count whole milliseconds, of which an election would take a
 * dozen. Nothing happens once the life is over.
 */
import type { Clock, Timer } from '../runtime/clock.ts'
import { TimerHeap } from '../runtime/timer-heap.ts'
import type { Events } from '../simulation/event-queue.ts'

const NEVER: Timer = { cancel() {} }

export class LiveEvents implements Events {
  readonly #clock: Clock
  readonly #hostTurn: () => Promise<void>
  #heap = new TimerHeap()
  #armed: Timer = NEVER
  #armedForMs = Number.POSITIVE_INFINITY
  #isOver = false

  constructor(clock: Clock, hostTurn: () => Promise<void>) {
    this.#clock = clock
    this.#hostTurn = hostTurn
  }

  /** Nothing is due. */
  get isIdle(): boolean {
    return this.#heap.earliestMs > this.#clock.monotonicMs()
  }

  schedule(atMs: number, callback: () => void): Timer {
    if (this.#isOver) return NEVER
    const timer = this.#heap.add(Math.max(atMs, this.#clock.monotonicMs()), callback)
    this.#arm()
    return timer
  }

  endOfTurn(callback: () => void): void {
    this.#clock.endOfTurn(() => {
      if (!this.#isOver) callback()
    })
  }

  end(): void {
    this.#isOver = true
    this.#armed.cancel()
    this.#heap = new TimerHeap()
  }

  #arm(): void {
    const dueMs = this.#heap.earliestMs
    if (this.#isOver || dueMs >= this.#armedForMs) return
    this.#armed.cancel()
    this.#armedForMs = dueMs
    const waitMs = dueMs - this.#clock.monotonicMs()
    if (waitMs > 0) this.#armed = this.#clock.schedule(waitMs, () => this.#look())
    else void this.#hostTurn().then(() => this.#look())
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs()
    while (this.#heap.runOne(nowMs)) {}
    this.#armedForMs = Number.POSITIVE_INFINITY
    this.#arm()
  }
}
