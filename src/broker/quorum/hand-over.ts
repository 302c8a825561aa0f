/**
 * A leader that stops waits until another voter has taken over, for a bounded time (Ongaro 2014, §3.10).
 *
 * Without it every write to the quorum would wait until the others have noticed. To whom it goes is Raft's to say.
 */
import type { Clock } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'

export class HandOver {
  readonly #clock: Clock
  #waiters: Array<() => void> = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when it is over, or after `leadershipTransferMs`; `ask` asks for another leader. */
  wait(ask: () => void): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.#clock.schedule(limits.leadershipTransferMs, resolve)
      this.#waiters.push(() => {
        limit.cancel()
        resolve()
      })
      ask()
    })
  }

  /** Somebody has taken over, or nobody will. */
  end(): void {
    for (const goOn of this.#waiters.splice(0)) goOn()
  }
}
