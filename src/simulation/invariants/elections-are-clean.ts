/**
 * Invariant 18: whoever is elected was in sync or eligible (KIP-966), and no fenced broker is in sync or leads.
 *
 * Where nobody leads, the last members stay named.
 */
import type { MetadataImage, PartitionImage } from '../../coordination/metadata/image.ts'
import type { History } from '../history.ts'

export function electionsAreClean({ metadataStates }: History): string[] {
  return metadataStates.flatMap(({ image, endOffset }, index) => {
    const before = metadataStates[index - 1]?.image
    return partitionsOf(image).flatMap(([place, partition, topicId, number]) => {
      const was = before?.topics.get(topicId)?.partitions.get(number)
      if (was === partition && before?.brokers === image.brokers) return []
      const wrong = unclean(image, partition, was)
      return wrong === null ? [] : [`${place} at metadata offset ${endOffset - 1}: ${wrong}`]
    })
  })
}

function* partitions(image: MetadataImage): Generator<readonly [string, PartitionImage, string, number]> {
  for (const topic of image.topics.values())
    for (const [number, partition] of topic.partitions)
      yield [`${topic.name}-${number}`, partition, topic.id, number]
}

const partitionsOf = (image: MetadataImage) => [...partitions(image)]

function unclean(image: MetadataImage, now: PartitionImage, was: PartitionImage | undefined): string | null {
  const { leader, isr } = now
  if (leader < 0) return null
  const fenced = isr.filter((node) => image.brokers.get(node)?.fenced !== false)
  if (fenced.length > 0) return `in sync are ${isr.join(', ')}, of whom ${fenced.join(', ')} are fenced`
  if (!isr.includes(leader)) return `node ${leader} leads and is not in sync`
  if (now.leaderRecoveryState !== 0) return `node ${leader} was elected though it may lack records`
  if (was === undefined || was.leader === leader) return null
  // One change may both take a replica into the in-sync set and end the move that waited for it.
  const isMoved = was.addingReplicas.length + was.removingReplicas.length > 0
  const mayLead = [...was.isr, ...was.eligibleLeaderReplicas, ...(isMoved ? was.replicas : [])]
  return mayLead.includes(leader) ? null : `node ${leader} was elected, in sync were ${mayLead.join(', ')}`
}
