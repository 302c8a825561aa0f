/**
 * What a leader believes of one follower: how far it has got, and when it last had everything.
 *
 * It lives in the leader's memory alone: a new leader believes nothing until the follower fetches from it (trap 12).
 */
export interface FollowerProgress {
  /** One past the last offset that it has; null until it has fetched in this leader epoch. */
  readonly endOffset: number | null
  /** The broker's life that fetched; a later life may have lost what this one had (KIP-903). */
  readonly brokerEpoch: bigint
  /** When it last had all that the leader had. */
  readonly caughtUpMs: number
  readonly lastFetchMs: number
  /** The leader's end when it last fetched. */
  readonly leaderEndAtLastFetch: number
  /** Which of its fetches told this, counted by the follower; 0 where it does not say. */
  readonly order: number
}

/** What one fetch tells. */
export interface FetchTold {
  readonly fetchOffset: number
  readonly brokerEpoch: bigint
  readonly nowMs: number
  /** See `FollowerProgress.order`. */
  readonly order?: number
}

/** Whether a younger fetch of the same life has told more: this one was under way for longer. */
export function isOutdated(before: FollowerProgress, { brokerEpoch, order = 0 }: FetchTold): boolean {
  return order > 0 && brokerEpoch === before.brokerEpoch && order < before.order
}

/** A follower of which nothing is known; it is given the whole lag time to show itself. */
export function unknownFollower(nowMs: number): FollowerProgress {
  return {
    endOffset: null,
    brokerEpoch: -1n,
    caughtUpMs: nowMs,
    lastFetchMs: nowMs,
    leaderEndAtLastFetch: Number.POSITIVE_INFINITY,
    order: 0,
  }
}

/**
 * The follower fetched from `fetchOffset`, which says that it has everything before. It is caught up when it has what
 * the leader has now; and it was at its last fetch when it now has what the leader had then, or a busy partition would
 * never see it in sync.
 */
export function fetched(
  before: FollowerProgress,
  { fetchOffset, brokerEpoch, nowMs, order = 0 }: FetchTold,
  leaderEndOffset: number,
): FollowerProgress {
  let { caughtUpMs } = before
  if (fetchOffset >= leaderEndOffset) caughtUpMs = Math.max(caughtUpMs, nowMs)
  else if (fetchOffset >= before.leaderEndAtLastFetch) caughtUpMs = Math.max(caughtUpMs, before.lastFetchMs)
  return {
    endOffset: fetchOffset,
    brokerEpoch,
    caughtUpMs,
    lastFetchMs: nowMs,
    leaderEndAtLastFetch: leaderEndOffset,
    order,
  }
}

/** Whether it must be taken for stuck: it has lacked something for longer than the lag time. */
export function lags(
  follower: FollowerProgress,
  leaderEndOffset: number,
  nowMs: number,
  lagMsMax: number,
): boolean {
  if (follower.endOffset !== null && follower.endOffset >= leaderEndOffset) return false
  return nowMs - follower.caughtUpMs > lagMsMax
}

/** It has all that there is, and nothing new may come for long: it is in sync as of now without another fetch. */
export function seenCaughtUp(follower: FollowerProgress, nowMs: number): FollowerProgress {
  return { ...follower, caughtUpMs: Math.max(follower.caughtUpMs, nowMs) }
}
