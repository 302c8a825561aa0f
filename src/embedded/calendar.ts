/**
 * The time of a test cluster: that of the machine below, and more when a test lets it pass.
 *
 * Every life of a node has two clocks. By `clock` nodes judge each other: elections, sessions of brokers, replicas that lag.
 * By `calendar` things grow old: retention, the sessions of group members, committed offsets. `pass` moves both, from one
 * thing that is due to the next, in order, and lets what follows from each happen before time goes on: every heartbeat is
 * sent and heard. That is too much for days, so `leap` moves the calendar only: on the other clock it would be a time in
 * which all nodes were silent, and the cluster would fall apart over it. Wall time is the same on both.
 */
import type { Clock } from '../runtime/clock.ts'
import { LifeClock } from './life-clock.ts'

/** The clocks of one life of a node. */
export interface LifeClocks {
  readonly clock: LifeClock
  readonly calendar: LifeClock
  end(): void
}

export class Calendar {
  readonly #machine: Pick<Clock, 'monotonicMs'>
  readonly #settle: () => Promise<void>
  readonly #lives = new Set<LifeClocks>()
  #passedMs = 0
  #leaptMs = 0

  /** `settle` resolves when what has just become due is done; whatever that takes on `machine` is part of the time. */
  constructor(machine: Pick<Clock, 'monotonicMs'>, settle: () => Promise<void>) {
    this.#machine = machine
    this.#settle = settle
  }

  /** By how much the cluster is ahead of the machine. */
  get aheadMs(): number {
    return this.#passedMs + this.#leaptMs
  }

  /** The time by which nodes judge each other, and by which things are under way between them. */
  get nowMs(): number {
    return this.#machine.monotonicMs() + this.#passedMs
  }

  /** The clocks of a life that begins, on those of its machine. */
  clocksOver(machine: Clock): LifeClocks {
    const clock = new LifeClock(machine, () => ({ wallMs: this.aheadMs, monotonicMs: this.#passedMs }))
    const calendar = new LifeClock(machine, () => ({ wallMs: this.aheadMs, monotonicMs: this.aheadMs }))
    const clocks: LifeClocks = {
      clock,
      calendar,
      end: () => {
        this.#lives.delete(clocks)
        calendar.end()
        clock.end()
      },
    }
    this.#lives.add(clocks)
    return clocks
  }

  /** Lets `ms` pass for everybody. */
  async pass(ms: number): Promise<void> {
    await this.#move(
      ms,
      (stepMs) => {
        this.#passedMs += stepMs
      },
      ({ clock, calendar }) => [clock, calendar],
    )
  }

  /** Lets `ms` pass for what grows old. */
  async leap(ms: number): Promise<void> {
    await this.#move(
      ms,
      (stepMs) => {
        this.#leaptMs += stepMs
      },
      ({ calendar }) => [calendar],
    )
  }

  async #move(
    ms: number,
    step: (ms: number) => void,
    moved: (life: LifeClocks) => readonly LifeClock[],
  ): Promise<void> {
    const untilMs = this.#machine.monotonicMs() + this.aheadMs + ms
    let leftMs = ms
    do {
      const clocks = [...this.#lives].flatMap(moved)
      step(Math.min(leftMs, ...clocks.map(({ nextInMs }) => nextInMs)))
      let hasRun = false
      for (const clock of clocks) hasRun = clock.look() || hasRun
      if (hasRun) await this.#settle()
      leftMs = untilMs - this.#machine.monotonicMs() - this.aheadMs
    } while (leftMs > 0)
    await this.#settle()
  }
}
