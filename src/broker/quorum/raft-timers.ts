/**
 * The timers of a Raft node, with their lengths.
 *
 * A leader that is silent is given up between half and three quarters of the fetch time-out; one that is known to be gone
 * within a twentieth of the election time-out. Both are drawn at random, so that two nodes seldom stand at the same moment.
 */
import type { RaftTimer } from '../../coordination/raft/event.ts'
import type { Timer } from '../../runtime/clock.ts'
import type { QuorumTimeouts, QuorumWorld } from './raft-quorum-options.ts'

/** Shortest wait before a hasty election: what comes from the others at the same time is heard first. */
const SOON_MS_MIN = 5

export class RaftTimers {
  readonly #world: QuorumWorld
  readonly #timeouts: QuorumTimeouts
  readonly #rang: (timer: RaftTimer) => void
  readonly #timers = new Map<RaftTimer, Timer>()
  #isStopped = false

  constructor(world: QuorumWorld, timeouts: QuorumTimeouts, rang: (timer: RaftTimer) => void) {
    this.#world = world
    this.#timeouts = timeouts
    this.#rang = rang
  }

  /** Starts the timer, or starts it again. */
  set(timer: RaftTimer, soon: boolean): void {
    this.cancel(timer)
    if (this.#isStopped) return
    const running = this.#world.clock.schedule(this.#delayMs(timer, soon), () => {
      this.#timers.delete(timer)
      this.#rang(timer)
    })
    this.#timers.set(timer, running)
  }

  cancel(timer: RaftTimer): void {
    this.#timers.get(timer)?.cancel()
    this.#timers.delete(timer)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of [...this.#timers.keys()]) this.cancel(timer)
  }

  #delayMs(timer: RaftTimer, soon: boolean): number {
    const { electionTimeoutMs, fetchTimeoutMs } = this.#timeouts
    switch (timer) {
      case 'election':
        return soon
          ? this.#between(SOON_MS_MIN, Math.max(SOON_MS_MIN, electionTimeoutMs / 20))
          : this.#between(fetchTimeoutMs / 2, (fetchTimeoutMs * 3) / 4)
      case 'heartbeat':
        return fetchTimeoutMs / 10
      case 'check-quorum':
        return fetchTimeoutMs / 2
    }
  }

  #between(min: number, max: number): number {
    return min + this.#world.random.below(Math.floor(max - min) + 1)
  }
}
