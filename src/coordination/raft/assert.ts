/**
 * An assertion of the Raft machine: what only a wrong host, or two logs that cannot both be, would break.
 *
 * It stays on in production, and stops the node rather than let it forget something that was committed. Never for what
 * a message says: that is checked and ignored.
 */

/** Throws with what should have held. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`this does not hold: ${invariant}`)
}
