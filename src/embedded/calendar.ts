/**
 * The time of a test cluster: that of the clock below, and days more when a test lets them pass.
 *
 * Every life of a node has two clocks. By `clock` nodes judge each other: elections, sessions of brokers, replicas that lag.
 * It never jumps, or a leap over a minute would be a minute in which every node was silent, and the cluster would fall
 * apart over it. By `calendar` things grow old: retention, the sessions of group members, committed offsets. A leap goes
 * there from one thing that is due to the next, in order, and lets what follows from each happen before time goes on.
 * Wall time is the same on both.
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
  readonly #lives = new Set<LifeClock>()
  #aheadMs = 0

  /** What has been leapt over so far. */
  get aheadMs(): number {
    return this.#aheadMs
  }

  /** The clocks of a life that begins, on the machine's. */
  clocksOver(base: Clock): LifeClocks {
    const clock = new LifeClock(base, () => ({ wallMs: this.#aheadMs, monotonicMs: 0 }))
    const calendar = new LifeClock(base, () => ({ wallMs: this.#aheadMs, monotonicMs: this.#aheadMs }))
    this.#lives.add(calendar)
    return {
      clock,
      calendar,
      end: () => {
        this.#lives.delete(calendar)
        calendar.end()
        clock.end()
      },
    }
  }

  /**
   * Lets `ms` pass, of which whatever `settle` takes on `machine` is a part; it resolves when what has just become due is
   * done.
   */
  async leap(ms: number, machine: Pick<Clock, 'monotonicMs'>, settle: () => Promise<void>): Promise<void> {
    const untilMs = machine.monotonicMs() + this.#aheadMs + ms
    let leftMs = ms
    do {
      this.#aheadMs += Math.min(leftMs, ...[...this.#lives].map(({ nextInMs }) => nextInMs))
      let hasRun = false
      for (const life of [...this.#lives]) hasRun = life.look() || hasRun
      if (hasRun) await settle()
      leftMs = untilMs - machine.monotonicMs() - this.#aheadMs
    } while (leftMs > 0)
    await settle()
  }
}
