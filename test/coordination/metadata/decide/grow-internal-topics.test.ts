/** A cluster that grew gives its internal topics the replicas that they should have. */
import { describe, expect, it } from 'vitest'
import { decideGrowInternalTopics } from '../../../../src/coordination/metadata/decide/grow-internal-topics.ts'
import { type MetadataImage, topicByName } from '../../../../src/coordination/metadata/image.ts'
import { applied, cluster, node, withTopic } from '../support.ts'

function replicas(image: MetadataImage, topic: string) {
  return [...(topicByName(image, topic)?.partitions.values() ?? [])].map((partition) => partition.replicas)
}

describe('internal topics', () => {
  it('grow to the factor that is set, evenly, and once', () => {
    const assignments = [[1], [1], [1], [1]]
    const image = withTopic(cluster(null, null, null, null), '__consumer_offsets', { assignments })
    const decision = decideGrowInternalTopics(image, node)
    expect(decision.reply.partitions).toBe(4)
    const grown = applied(image, decision.records)
    expect(replicas(grown, '__consumer_offsets')).toEqual([
      [1, 2, 3],
      [1, 4, 2],
      [1, 3, 4],
      [1, 2, 3],
    ])
    expect(topicByName(grown, '__consumer_offsets')?.partitions.get(0)).toMatchObject({ isr: [1], leader: 1 })
    expect(decideGrowInternalTopics(grown, node).records).toEqual([])
  })

  it('take other racks first, and what there is', () => {
    const image = withTopic(cluster('a', 'a', 'b'), '__consumer_offsets', { assignments: [[1]] })
    expect(
      replicas(applied(image, decideGrowInternalTopics(image, node).records), '__consumer_offsets'),
    ).toEqual([[1, 3, 2]])
    const pair = withTopic(cluster(null, null), '__consumer_offsets', { assignments: [[1]] })
    expect(
      replicas(applied(pair, decideGrowInternalTopics(pair, node).records), '__consumer_offsets'),
    ).toEqual([[1, 2]])
  })

  it('are the only ones', () => {
    const image = withTopic(cluster(null, null, null), 'mine', { assignments: [[1]] })
    expect(decideGrowInternalTopics(image, node).records).toEqual([])
  })
})
