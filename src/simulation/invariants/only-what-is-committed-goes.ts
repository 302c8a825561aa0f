/**
 * Invariants 10 and 12: retention and compaction take nothing away that is not committed: at every moment each replica that is
 * in sync has a log that reaches as far as any replica has deleted, or cleaned.
 *
 * A disk that is not the one the cluster knows of has no part in it, nor has one that is damaged.
 */
import { topicByName } from '../../coordination/metadata/image.ts'
import type { History, MetadataState, ReplicaSight } from '../history.ts'
import { isRuined } from './is-ruined.ts'
import { metadataAt } from './metadata-at.ts'

export function onlyWhatIsCommittedGoes(history: History): string[] {
  const violations: string[] = []
  const stateAt = metadataAt(history.metadataStates)
  for (const { atMs, replicas } of history.sights) {
    const state = stateAt(atMs)
    if (state === undefined) continue
    const gone = new Map<string, ReplicaSight>()
    for (const replica of replicas) {
      const most = gone.get(keyOf(replica))
      if (most === undefined || goneBelow(replica) > goneBelow(most)) gone.set(keyOf(replica), replica)
    }
    for (const replica of replicas) {
      const most = gone.get(keyOf(replica))
      if (most === undefined || !replica.isWhole || !isInSync(state, replica)) continue
      const endOffset = endOf(replica)
      if (endOffset >= goneBelow(most) || isRuined(history, replica, atMs)) continue
      violations.push(
        `${keyOf(replica)} was deleted or cleaned below ${goneBelow(most)} on node ${most.node} at ${atMs} ms, where node ${replica.node}, in sync, ended at ${endOffset}`,
      )
    }
  }
  return violations
}

function keyOf({ topic, partition }: ReplicaSight): string {
  return `${topic}-${partition}`
}

function goneBelow({ startOffset, cleanedOffset }: ReplicaSight): number {
  return Math.max(startOffset, cleanedOffset)
}

function endOf({ batches, count, startOffset }: ReplicaSight): number {
  return Math.max(startOffset, (batches[count - 1]?.lastOffset ?? -1) + 1)
}

function isInSync({ image }: MetadataState, { topic, partition, node, directoryId }: ReplicaSight): boolean {
  const assigned = topicByName(image, topic)?.partitions.get(partition)
  if (assigned === undefined || assigned.leaderRecoveryState !== 0 || directoryId === null) return false
  return assigned.isr.includes(node) && image.brokers.get(node)?.directories.includes(directoryId) === true
}
