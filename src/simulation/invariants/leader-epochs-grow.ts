/** Invariant 15: a partition's epochs never step back, and another leader, or a new life of the same one, has a higher leader epoch. */
import type { History } from '../history.ts'

export function leaderEpochsGrow({ metadataStates }: History): string[] {
  return metadataStates.flatMap(({ image, endOffset }, index) => {
    const before = metadataStates[index - 1]?.image
    if (before === undefined || before.topics === image.topics) return []
    const violations: string[] = []
    for (const topic of image.topics.values())
      for (const [number, now] of topic.partitions) {
        const was = before.topics.get(topic.id)?.partitions.get(number)
        if (was === undefined || was === now) continue
        const place = `${topic.name}-${number} at metadata offset ${endOffset - 1}`
        if (now.partitionEpoch <= was.partitionEpoch)
          violations.push(`${place}: partition epoch ${now.partitionEpoch} after ${was.partitionEpoch}`)
        if (
          now.leaderEpoch < was.leaderEpoch ||
          (now.leader !== was.leader && now.leaderEpoch === was.leaderEpoch)
        )
          violations.push(
            `${place}: node ${now.leader} in leader epoch ${now.leaderEpoch} after node ${was.leader} in ${was.leaderEpoch}`,
          )
      }
    return violations
  })
}
