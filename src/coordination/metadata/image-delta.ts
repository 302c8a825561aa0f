/**
 * What changed between any two images, however many records lie between them: for a node whose image was replaced by
 * a snapshot, and for one that starts.
 *
 * A value counts as the same when it is the same object or says the same; the delta then leaves it out. It compares
 * the whole cluster, so it is for rare moments: what records touched one by one is told by `apply`.
 */
import type { OrderedKey, OrderedMap } from '../ordered-map.ts'
import type { MetadataDelta, PartitionChange } from './delta.ts'
import type { MetadataImage, PartitionImage, TopicImage } from './image.ts'

/** The delta from `before` to `after`; in the order of the images' keys, what went before what came. */
export function deltaBetween(before: MetadataImage, after: MetadataImage): MetadataDelta {
  const differs = <K extends OrderedKey, V>(a: OrderedMap<K, V>, b: OrderedMap<K, V>): boolean =>
    changedKeys(a, b).length > 0
  return {
    topicsCreated: [...after.topics.values()].filter(({ id }) => !before.topics.has(id)),
    topicsDeleted: [...before.topics.values()].filter(({ id }) => !after.topics.has(id)),
    partitionsChanged: partitionChanges(before, after),
    configsChanged: changedKeys(before.configs, after.configs).flatMap(
      (key) => (after.configs.get(key) ?? before.configs.get(key))?.resource ?? [],
    ),
    brokersChanged: changedKeys(before.brokers, after.brokers).map((id) => ({
      id,
      before: before.brokers.get(id),
      after: after.brokers.get(id),
    })),
    featuresChanged: changedKeys(before.features, after.features),
    producerIdsChanged: !isSame(before.producerIds, after.producerIds),
    quotasChanged: changedKeys(before.quotas, after.quotas),
    aclsChanged: differs(before.acls, after.acls),
    scramUsersChanged: differs(before.scramUsers, after.scramUsers),
    delegationTokensChanged: differs(before.delegationTokens, after.delegationTokens),
    controllersChanged: differs(before.controllers, after.controllers),
  }
}

/** Keys whose values differ or that one side lacks: first those that went, then those that changed or came. */
function changedKeys<K extends OrderedKey, V>(before: OrderedMap<K, V>, after: OrderedMap<K, V>): K[] {
  if (before === after) return []
  const gone = [...before.keys()].filter((key) => !after.has(key))
  const changed = [...after.entries()].filter(
    ([key, value]) => !before.has(key) || !isSame(before.get(key), value),
  )
  return [...gone, ...changed.map(([key]) => key)]
}

function partitionChanges(before: MetadataImage, after: MetadataImage): PartitionChange[] {
  const gone = [...before.topics.values()].filter(({ id }) => !after.topics.has(id))
  return [
    ...gone.flatMap((topic) => changesOf(topic, undefined)),
    ...[...after.topics.values()].flatMap((topic) => changesOf(before.topics.get(topic.id), topic)),
  ]
}

function changesOf(before: TopicImage | undefined, after: TopicImage | undefined): PartitionChange[] {
  const topic = after ?? before
  if (before === after || topic === undefined) return []
  const numbers = new Set([...(before?.partitions.keys() ?? []), ...(after?.partitions.keys() ?? [])])
  const changes: PartitionChange[] = []
  for (const partition of [...numbers].sort((a, b) => a - b)) {
    const was: PartitionImage | undefined = before?.partitions.get(partition)
    const is: PartitionImage | undefined = after?.partitions.get(partition)
    if (!isSame(was, is))
      changes.push({ topicName: topic.name, topicId: topic.id, partition, before: was, after: is })
  }
  return changes
}

/** Whether two values of an image say the same. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (isIterable(a) && isIterable(b)) {
    const [left, right] = [[...a], [...b]]
    return left.length === right.length && left.every((value, index) => isSame(value, right[index]))
  }
  const left = Object.entries(a)
  const right = new Map<string, unknown>(Object.entries(b))
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && isSame(value, right.get(key)))
  )
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value
}
