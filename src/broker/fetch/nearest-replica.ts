/**
 * Which replica a consumer should read from (KIP-392), as Kafka's RackAwareReplicaSelector has it: one in its own rack
 * that has what it wants, the leader if that is there too, else the one that is furthest.
 */

/** A replica that could serve the consumer. */
export interface ReadableReplica {
  readonly id: number
  /** null when its broker tells none. */
  readonly rack: string | null
  /** One past the last offset that it is known to have. */
  readonly endOffset: number
  readonly logStartOffset: number
}

/** The replica to read from; the leader where nobody is nearer. */
export function nearestReplica(
  clientRack: string,
  fetchOffset: number,
  leader: number,
  replicas: readonly ReadableReplica[],
): number {
  const near = replicas.filter(
    ({ rack, endOffset, logStartOffset }) =>
      rack === clientRack && endOffset >= fetchOffset && logStartOffset <= fetchOffset,
  )
  if (near.some(({ id }) => id === leader)) return leader
  let best: ReadableReplica | null = null
  for (const replica of near) if (best === null || replica.endOffset > best.endOffset) best = replica
  return best?.id ?? leader
}
