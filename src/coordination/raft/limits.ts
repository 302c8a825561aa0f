/**
 * Bounds of the Raft machine, with their units. Where a bound drops something, Raft sends it again: a lost message is
 * never a lost promise.
 */
export const raftLimits = {
  /** Rounds with entries that a leader sends to one node before the first is answered. */
  unansweredRoundsMax: 32,
  /** Nodes that follow without a vote; one more is not answered until another has gone. */
  observersMax: 1_000,
  /** Sets of voters are counted in every commit; more than this is nobody's quorum. */
  votersMax: 31,
  /** Messages that wait for the epoch or the vote to be on the disk; more are dropped, as a network would. */
  withheldMessagesMax: 1_000,
  /** Pre-votes after a short wait, once the leader is known to be gone: others may learn of it a moment later. */
  hastyElectionsMax: 5,
  /** Heartbeats after which a piece of a snapshot that nobody answered is sent again. */
  chunkRetryHeartbeats: 4,
  /** Heartbeats after which a transfer of leadership is given up. */
  transferHeartbeatsMax: 20,
  /** Largest epoch and offset that a message may name: what Kafka's int32, and a number without loss, hold. */
  epochMax: 2_147_483_647,
  offsetMax: Number.MAX_SAFE_INTEGER,
} as const
