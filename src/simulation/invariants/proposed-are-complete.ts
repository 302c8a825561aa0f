/**
 * Invariants 17 and 18: whomever a leader proposes as in sync has on its disk, at that very moment, whatever a client knows to
 * be committed.
 *
 * What the controller must refuse tells nothing: a leader of another epoch, a partition or a broker that has changed.
 */
import { topicByName } from '../../coordination/metadata/image.ts'
import type { History, IsrProposal, MetadataState, ReplicaSight } from '../history.ts'
import { batchAt } from './batch-at.ts'
import { committedAt, committedByPartition } from './committed.ts'
import { metadataAt } from './metadata-at.ts'

export function proposedAreComplete({ sends, reads, sights, proposals, metadataStates }: History): string[] {
  const violations: string[] = []
  const committed = committedByPartition(sends, reads)
  const stateAt = metadataAt(metadataStates)
  let nextSight = 0
  for (const proposal of proposals) {
    const state = stateAt(proposal.atMs)
    while ((sights[nextSight]?.atMs ?? Number.POSITIVE_INFINITY) < proposal.atMs) nextSight++
    const sight = sights[nextSight]
    if (state === undefined || sight?.atMs !== proposal.atMs) continue
    for (const replica of sight.replicas) {
      const key = `${replica.topic}-${replica.partition}`
      const endOffset = committedAt(committed.get(key) ?? [], proposal.atMs)
      if (endOffset <= replica.startOffset || !replica.isWhole || !isProposed(state, proposal, replica))
        continue
      if (batchAt(replica.batches, endOffset - 1, replica.count) === undefined)
        violations.push(
          `${key} on node ${replica.node} lacked offset ${endOffset - 1} at ${proposal.atMs} ms, proposed as in sync`,
        )
    }
  }
  return violations
}

function isProposed({ image }: MetadataState, proposal: IsrProposal, replica: ReplicaSight): boolean {
  const topic = topicByName(image, replica.topic)
  if (topic?.id !== proposal.topicId || replica.partition !== proposal.partition) return false
  const now = topic.partitions.get(proposal.partition)
  if (now?.leaderEpoch !== proposal.leaderEpoch || now.partitionEpoch !== proposal.partitionEpoch)
    return false
  const member = proposal.isr.find(({ brokerId }) => brokerId === replica.node)
  const broker = image.brokers.get(replica.node)
  if (member === undefined || broker?.epoch !== member.brokerEpoch || replica.directoryId === null)
    return false
  return now.leaderRecoveryState === 0 && broker.directories.includes(replica.directoryId)
}
