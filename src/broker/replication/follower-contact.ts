/**
 * When followers asked this leader for records: while they go on asking, nobody else leads what they ask for.
 *
 * A leader that was frozen or cut off goes on as if it led, until it hears of its successor. What it would say for good in
 * that time may be wrong. One request proves little, as it may have lain in a buffer while this process stood still; two
 * within a short time are more, for the second one was sent when the first had been answered. It decides nothing else:
 * acknowledgements wait for the high watermark, which a deposed leader cannot move.
 */
import { limits } from '../../runtime/limits.ts'

interface Requests {
  lastMs: number
  /** The one before that. */
  earlierMs: number
}

export class FollowerContact {
  /** One for each broker that is registered, or was. */
  readonly #requests = new Map<number, Requests>()

  /** A follower, a registered broker, has asked for records of whatever partition. */
  asked(replica: number, nowMs: number): void {
    const known = this.#requests.get(replica)
    if (known === undefined)
      this.#requests.set(replica, { lastMs: nowMs, earlierMs: Number.NEGATIVE_INFINITY })
    else {
      known.earlierMs = known.lastMs
      known.lastMs = nowMs
    }
  }

  /** Whether it has asked twice of late. */
  isSteady(replica: number, nowMs: number): boolean {
    const requests = this.#requests.get(replica)
    return requests !== undefined && nowMs - requests.earlierMs <= limits.followerContactMs
  }
}
