/**
 * What a cluster of so many nodes can promise: replicas of a topic, how many of them a write waits for, and what may be
 * ruined without the loss of anything that was acknowledged.
 *
 * As many disks as a write waits for are to hold it ever after, so only what a cluster has beyond that may be ruined: of
 * one node or two, nothing.
 */
export interface ClusterSize {
  readonly replicationFactor: number
  readonly insyncMin: number
  /** Replicas of one partition that may be ruined. */
  readonly ruinsMax: number
  /** Nodes that may lose their disk. */
  readonly wipesMax: number
}

const REPLICAS = 3
const IN_SYNC = 2

export function sizeOf(nodes: number): ClusterSize {
  const insyncMin = Math.min(IN_SYNC, nodes)
  const replicationFactor = Math.min(REPLICAS, nodes)
  const ruinsMax = replicationFactor - insyncMin
  return { replicationFactor, insyncMin, ruinsMax, wipesMax: Math.min(ruinsMax, lostVotersMax(nodes)) }
}

/** Without so many of its voters a quorum still has a majority. */
export function lostVotersMax(voters: number): number {
  return Math.floor((voters - 1) / 2)
}
