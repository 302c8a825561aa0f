/**
 * Plan: the replicas of a partition while it moves from where it lies to where it shall lie, and the way back (KIP-455).
 */
import type { PartitionImage } from './image.ts'

/** The sets of a partition that is on its way. */
export interface Move {
  readonly isr: readonly number[]
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
}

export function isMoving(partition: PartitionImage): boolean {
  return partition.addingReplicas.length > 0 || partition.removingReplicas.length > 0
}

/** Where the partition lies without the move under way: what it had before. */
function settledReplicas(partition: PartitionImage): readonly number[] {
  return partition.replicas.filter((id) => !partition.addingReplicas.includes(id))
}

/** Where the partition lies when the move under way is done. */
export function targetReplicas({
  replicas,
  removingReplicas,
}: Pick<PartitionImage, 'replicas' | 'removingReplicas'>): readonly number[] {
  return replicas.filter((id) => !removingReplicas.includes(id))
}

/** On the way to `target`, in its order; those that will leave come last. A move under way is overruled. */
export function moveTo(partition: PartitionImage, target: readonly number[]): Move {
  const settled = settledReplicas(partition)
  const ascending = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b)
  const addingReplicas = ascending(target.filter((id) => !settled.includes(id)))
  const removingReplicas = ascending(settled.filter((id) => !target.includes(id)))
  const replicas = [...target, ...removingReplicas]
  // What an earlier move had brought and this one does not want is gone at once.
  const isr = partition.isr.filter((id) => replicas.includes(id))
  return { isr, replicas, addingReplicas, removingReplicas }
}

/** Back to what it had; in sync is who of those was, or all of them where nobody is. */
export function moveBack(partition: PartitionImage): Move {
  const replicas = settledReplicas(partition)
  const inSync = partition.isr.filter((id) => replicas.includes(id))
  return { isr: inSync.length > 0 ? inSync : replicas, replicas, addingReplicas: [], removingReplicas: [] }
}
