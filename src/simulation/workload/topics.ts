/**
 * The topics of one seed, and what becomes of the records in each: kept for ever, on nodes that change, for a short while,
 * or until their key is written again.
 *
 * The first is always there; the seed says which of the others are (swarm testing).
 */
import type { SeededRandom } from '../seeded-random.ts'

/** `plain`: everything stays; `wandering`: it moves from node to node; `brief`: it is soon deleted; `compacted`: the last of each key stays. */
export type TopicPolicy = 'plain' | 'wandering' | 'brief' | 'compacted'

export interface SimulatedTopic {
  readonly name: string
  readonly policy: TopicPolicy
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
}

export const TOPIC = 'orders'
const ON_SHARE = 0.35

// Short segments, so that files come into being, and go, under faults.
const PLAIN: SimulatedTopic = {
  name: TOPIC,
  policy: 'plain',
  partitions: 2,
  configs: { 'segment.ms': '1500' },
}
const OTHERS: readonly SimulatedTopic[] = [
  { name: 'moving', policy: 'wandering', partitions: 1, configs: { 'segment.ms': '1500' } },
  {
    name: 'news',
    policy: 'brief',
    partitions: 1,
    configs: { 'segment.ms': '500' },
  },
  {
    name: 'latest',
    policy: 'compacted',
    partitions: 1,
    configs: {
      'segment.ms': '500',
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.01',
    },
  },
]

/** So short that what is not replicated yet is old already, where replication is held up; or not. */
const RETENTION_MS = ['300', '1500'] as const

export function topicsOf(random: SeededRandom): readonly SimulatedTopic[] {
  const others = OTHERS.filter(() => random.chance(ON_SHARE))
  const retention = { 'retention.ms': random.pick(RETENTION_MS) }
  return [PLAIN, ...others].map((topic) =>
    topic.policy === 'brief' ? { ...topic, configs: { ...topic.configs, ...retention } } : topic,
  )
}

/** Every partition of some topics. */
export function partitionsOf(
  topics: readonly SimulatedTopic[],
): readonly { readonly topic: string; readonly partition: number }[] {
  return topics.flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
  )
}
