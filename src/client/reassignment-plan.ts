/**
 * Plan: where partitions shall lie when brokers shall hold them, or one shall hold nothing any more.
 *
 * Replicas that may stay stay, in their order, so that as little as possible is copied; what is missing goes to the broker
 * that holds least. A pure function: it is shown before it is done.
 */
export interface PlacedPartition {
  readonly topic: string
  readonly partition: number
  readonly replicas: readonly number[]
}

export interface PartitionMove extends PlacedPartition {
  /** What it shall have, the preferred leader first. */
  readonly target: readonly number[]
}

/** A partition has more replicas than brokers are left for them. */
export class TooFewBrokers extends Error {}

/**
 * The moves that leave `partitions` on `brokers` alone; partitions that lie there already have none. `held` counts the
 * replicas of each broker before. Throws where there are fewer brokers than a partition has replicas.
 */
export function planMoves(
  partitions: readonly PlacedPartition[],
  brokers: readonly number[],
  held: ReadonlyMap<number, number>,
): PartitionMove[] {
  const loads = new Map(brokers.map((broker) => [broker, held.get(broker) ?? 0]))
  const moves: PartitionMove[] = []
  for (const placed of partitions) {
    if (placed.replicas.length > brokers.length)
      throw new TooFewBrokers(
        `${placed.topic}-${placed.partition} has ${placed.replicas.length} replicas, but only ${brokers.length} brokers are left for them`,
      )
    const target = placed.replicas.filter((broker) => loads.has(broker))
    if (target.length === placed.replicas.length) continue
    // A place that becomes free is filled where it was, so that preferred leaders stay spread.
    const filled = placed.replicas.map((broker) => (loads.has(broker) ? broker : leastLoaded(loads, target)))
    moves.push({ ...placed, target: filled })
  }
  return moves
}

function leastLoaded(loads: Map<number, number>, taken: number[]): number {
  let best: number | undefined
  for (const [broker, load] of loads) {
    if (taken.includes(broker)) continue
    if (best === undefined || load < (loads.get(best) ?? 0)) best = broker
  }
  if (best === undefined) throw new Error('fewer brokers than replicas, which was checked before')
  loads.set(best, (loads.get(best) ?? 0) + 1)
  taken.push(best)
  return best
}
