/**
 * Invariant 17: within a leader epoch a replica comes into the in-sync set only because the leader proposed that very set of the
 * very state that it changes (KIP-497): what it had proposed earlier it may have thought better of.
 *
 * A leader that is the controller too proposes to itself, which nobody overhears.
 */
import type { History, IsrProposal } from '../history.ts'

export function newcomersWereProposed({ metadataStates, proposals, leaders }: History): string[] {
  const controllers = new Map(leaders.map(({ epoch, leader }) => [epoch, leader]))
  const proposed = Map.groupBy(proposals, keyOf)
  return metadataStates.flatMap(({ image, epoch, endOffset }, index) => {
    const before = metadataStates[index - 1]?.image
    if (before === undefined || before.topics === image.topics) return []
    const violations: string[] = []
    for (const topic of image.topics.values())
      for (const [partition, now] of topic.partitions) {
        const was = before.topics.get(topic.id)?.partitions.get(partition)
        if (was === undefined || was === now || was.leaderEpoch !== now.leaderEpoch) continue
        const newcomers = now.isr.filter((node) => !was.isr.includes(node))
        const controller = controllers.get(epoch)
        if (newcomers.length === 0 || controller === undefined || controller === now.leader) continue
        const { leaderEpoch, partitionEpoch } = was
        const made = proposed.get(keyOf({ topicId: topic.id, partition, leaderEpoch, partitionEpoch })) ?? []
        const isProposed = newcomers.every((node) =>
          made.some(({ isr }) => isr.some(({ brokerId }) => brokerId === node)),
        )
        if (isProposed) continue
        violations.push(
          `${topic.name}-${partition} at metadata offset ${endOffset - 1}: ${newcomers.join(', ')} came in, though node ${now.leader} had not proposed it of partition epoch ${partitionEpoch}`,
        )
      }
    return violations
  })
}

function keyOf({
  topicId,
  partition,
  leaderEpoch,
  partitionEpoch,
}: Pick<IsrProposal, 'topicId' | 'partition' | 'leaderEpoch' | 'partitionEpoch'>): string {
  return `${topicId} ${partition} ${leaderEpoch} ${partitionEpoch}`
}
