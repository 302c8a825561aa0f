/**
 * Bounds of replication's machines, with their units; the runtime's `limits.ts` may not be imported here.
 */
export const replicationLimits = {
  /** First wait of a follower after an error; it doubles up to `replica.fetch.backoff.ms`. */
  followerBackOffMsMin: 20,
} as const
