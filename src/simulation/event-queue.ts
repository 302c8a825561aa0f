/**
 * Virtual time: one event after the other, the earliest first, and of several at one moment whichever the seed says.
 *
 * After an event everything that follows from it without time passing is done: promises first, then what waits for the
 * end of the turn, as on the real machine. Events of one source keep their order. It is the only place where time moves.
 */
import type { Timer } from '../runtime/clock.ts'
import { TimerHeap } from '../runtime/timer-heap.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Where what happens to one life of a node is put. */
export interface Events {
  /** Happens at `atMs`, or now if that is past; what is due at one moment keeps its order. */
  schedule(atMs: number, callback: () => void): Timer
  endOfTurn(callback: () => void): void
}

/** The events of one life of a node, of a link, or of a load. */
export class EventSource implements Events {
  readonly name: string
  readonly #queue: EventQueue
  readonly heap = new TimerHeap()
  #frozenUntilMs = 0
  #isOver = false

  constructor(name: string, queue: EventQueue) {
    this.name = name
    this.#queue = queue
  }

  get earliestMs(): number {
    return Math.max(this.heap.earliestMs, this.#frozenUntilMs)
  }

  /** Happens at `atMs` of virtual time, or now if that is past; never once this source is over. */
  schedule(atMs: number, callback: () => void): Timer {
    if (this.#isOver) return { cancel() {} }
    return this.heap.add(Math.max(atMs, this.#queue.nowMs), callback)
  }

  endOfTurn(callback: () => void): void {
    this.#queue.endOfTurn(() => {
      if (!this.#isOver) callback()
    })
  }

  /** Nothing of it happens before `untilMs`; what was due comes then. */
  freeze(untilMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, untilMs)
  }

  /** Nothing of it ever happens again. */
  end(): void {
    this.#isOver = true
    this.#queue.forget(this)
  }
}

export class EventQueue {
  readonly #random: SeededRandom
  readonly #hostTurn: () => Promise<void>
  readonly #sources: EventSource[] = []
  readonly #timeBits = new DataView(new ArrayBuffer(8))
  #turnEnds: (() => void)[] = []
  #nowMs = 0
  #count = 0
  #hash = 0

  /** `hostTurn` resolves when every promise that can be settled now is, and what follows from that. */
  constructor(random: SeededRandom, hostTurn: () => Promise<void>) {
    this.#random = random
    this.#hostTurn = hostTurn
  }

  /** Milliseconds since the beginning of the simulation. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Events so far. */
  get count(): number {
    return this.#count
  }

  /** Of which events happened when, eight hexadecimal digits. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  source(name: string): EventSource {
    const source = new EventSource(name, this)
    this.#sources.push(source)
    return source
  }

  forget(source: EventSource): void {
    const index = this.#sources.indexOf(source)
    if (index >= 0) this.#sources.splice(index, 1)
  }

  endOfTurn(callback: () => void): void {
    this.#turnEnds.push(callback)
  }

  /** Lets the next event happen if it is due by `untilMs`; the name of its source, or null when nothing is due. */
  async step(untilMs: number): Promise<string | null> {
    const source = this.#next(untilMs)
    if (source === null) {
      this.#nowMs = Math.max(this.#nowMs, Math.min(untilMs, this.#earliestMs()))
      return null
    }
    this.#nowMs = Math.max(this.#nowMs, source.earliestMs)
    this.#count++
    this.#mix(source.name)
    source.heap.runOne(this.#nowMs)
    await this.settle()
    return source.name
  }

  /** Does what follows without time passing. */
  async settle(): Promise<void> {
    await this.#hostTurn()
    while (this.#turnEnds.length > 0) {
      const round = this.#turnEnds
      this.#turnEnds = []
      for (const callback of round) callback()
      if (this.#turnEnds.length === 0) await this.#hostTurn()
    }
  }

  /** FNV-1a over the source's name and the bits of the time. */
  #mix(name: string): void {
    for (let at = 0; at < name.length; at++)
      this.#hash = Math.imul(this.#hash ^ name.charCodeAt(at), 0x01000193)
    this.#timeBits.setFloat64(0, this.#nowMs)
    for (let at = 0; at < 8; at++)
      this.#hash = Math.imul(this.#hash ^ this.#timeBits.getUint8(at), 0x01000193)
  }

  #earliestMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY
    for (const source of this.#sources) earliestMs = Math.min(earliestMs, source.earliestMs)
    return earliestMs
  }

  #next(untilMs: number): EventSource | null {
    const earliestMs = this.#earliestMs()
    if (earliestMs > untilMs || earliestMs === Number.POSITIVE_INFINITY) return null
    const due = this.#sources.filter((source) => source.earliestMs === earliestMs)
    return due.length === 1 ? (due[0] ?? null) : this.#random.pick(due)
  }
}
