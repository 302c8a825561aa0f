/**
 * Pending calls, the earliest first, those of one moment in the order in which they were made.
 *
 * Nearly every timer of a broker is cancelled: a fetch is answered, a produce acknowledged. So adding and cancelling
 * must be cheap and must leave nothing behind; one timer of the machine, or virtual time, then serves the whole heap.
 * It reads no clock.
 */
import type { Timer } from './clock.ts'

const OUT = -1

class PendingCall implements Timer {
  readonly dueMs: number
  readonly order: number
  /** Its place in the heap; `OUT` when it ran or was cancelled. */
  place = OUT
  #heap: TimerHeap | null
  #callback: (() => void) | null

  constructor(heap: TimerHeap, dueMs: number, order: number, callback: () => void) {
    this.#heap = heap
    this.dueMs = dueMs
    this.order = order
    this.#callback = callback
  }

  cancel(): void {
    this.#heap?.remove(this)
    this.#heap = null
    this.#callback = null
  }

  /** Out of the heap already; once. */
  run(): void {
    const callback = this.#callback
    this.#heap = null
    this.#callback = null
    callback?.()
  }
}

function isBefore(one: PendingCall, other: PendingCall): boolean {
  return one.dueMs === other.dueMs ? one.order < other.order : one.dueMs < other.dueMs
}

export class TimerHeap {
  readonly #calls: PendingCall[] = []
  readonly #emptied: () => void
  #nextOrder = 0

  /** `emptied` is told when a cancellation took the last call away. */
  constructor(emptied: () => void = () => {}) {
    this.#emptied = emptied
  }

  get size(): number {
    return this.#calls.length
  }

  /** When the earliest call is due; infinity when none is pending. */
  get earliestMs(): number {
    return this.#calls[0]?.dueMs ?? Number.POSITIVE_INFINITY
  }

  add(dueMs: number, callback: () => void): Timer {
    const call = new PendingCall(this, dueMs, this.#nextOrder++, callback)
    this.#calls.push(call)
    this.#rise(call, this.#calls.length - 1)
    return call
  }

  /** Runs the earliest call if it is due by `nowMs`; false when none is. */
  runOne(nowMs: number): boolean {
    const call = this.#calls[0]
    if (call === undefined || call.dueMs > nowMs) return false
    this.#takeOut(call)
    call.run()
    return true
  }

  remove(call: PendingCall): void {
    if (call.place === OUT) return
    this.#takeOut(call)
    if (this.#calls.length === 0) this.#emptied()
  }

  #takeOut(call: PendingCall): void {
    const { place } = call
    call.place = OUT
    const last = this.#calls.pop()
    if (last === undefined || last === call) return
    this.#rise(last, place)
    this.#sink(last, last.place)
  }

  #rise(call: PendingCall, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#calls[above] as PendingCall
      if (isBefore(parent, call)) break
      this.#put(parent, place)
      place = above
    }
    this.#put(call, place)
  }

  #sink(call: PendingCall, from: number): void {
    let place = from
    for (;;) {
      let below = 2 * place + 1
      const left = this.#calls[below]
      if (left === undefined) break
      const right = this.#calls[below + 1]
      let child = left
      if (right !== undefined && isBefore(right, left)) {
        child = right
        below++
      }
      if (isBefore(call, child)) break
      this.#put(child, place)
      place = below
    }
    this.#put(call, place)
  }

  #put(call: PendingCall, place: number): void {
    this.#calls[place] = call
    call.place = place
  }
}
