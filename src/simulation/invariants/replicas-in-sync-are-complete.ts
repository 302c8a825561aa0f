/**
 * Invariants 9, 14 and 17: at every moment each replica that is in sync, or may be elected after those, has on its disk
 * whatever a client knows to be committed; so has every leader.
 *
 * A member counts from the proposal on (KIP-497) until a change without it was seen on any disk. A disk that is not the
 * one the cluster knows of has no part in it, and neither has a partition that recovers from an unclean election.
 */
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import { topicByName } from '../../coordination/metadata/image.ts'
import type { History, ReplicaSight } from '../history.ts'
import { batchAt } from './batch-at.ts'
import { committedAt, committedByPartition } from './committed.ts'
import { metadataAt } from './metadata-at.ts'

export function replicasInSyncAreComplete(history: History): string[] {
  const violations: string[] = []
  const committed = committedByPartition(history.sends, history.reads)
  const finals = new Map(
    history.finalLogs.map(({ topic, partition, batches }) => [`${topic}-${partition}`, batches]),
  )
  const stateAt = metadataAt(history.metadataStates)
  for (const { atMs, replicas } of history.sights) {
    const state = stateAt(atMs)
    if (state === undefined) continue
    for (const replica of replicas) {
      const key = `${replica.topic}-${replica.partition}`
      const endOffset = committedAt(committed.get(key) ?? [], atMs)
      if (endOffset <= replica.startOffset || !replica.isWhole || !mustBeComplete(state.image, replica))
        continue
      const wanted = batchAt(finals.get(key) ?? [], endOffset - 1)
      const found = batchAt(replica.batches, endOffset - 1, replica.count)
      if (found === undefined)
        violations.push(
          `${key} on node ${replica.node} lacked offset ${endOffset - 1} at ${atMs} ms, in sync`,
        )
      else if (wanted !== undefined && wanted.checksum !== found.checksum)
        violations.push(
          `${key} on node ${replica.node} had another record at offset ${endOffset - 1} at ${atMs} ms, in sync`,
        )
    }
  }
  return violations
}

function mustBeComplete(
  image: MetadataImage,
  { topic, partition, node, directoryId }: ReplicaSight,
): boolean {
  const assigned = topicByName(image, topic)?.partitions.get(partition)
  if (assigned === undefined || assigned.leaderRecoveryState !== 0 || directoryId === null) return false
  if (!image.brokers.get(node)?.directories.includes(directoryId)) return false
  return assigned.isr.includes(node) || assigned.eligibleLeaderReplicas.includes(node)
}
