/**
 * What changed between two images, for a broker to react to.
 *
 * Made by `apply` from what the records touched; what changed and changed back within one call is not in it. It
 * holds pictures of before and after, never instructions.
 */
import type { Draft } from './draft.ts'
import type { BrokerImage, ConfigResource, MetadataImage, PartitionImage, TopicImage } from './image.ts'

/** A partition that appeared, changed or went; a missing side means that it was not or is no more. */
export interface PartitionChange {
  readonly topicName: string
  readonly topicId: string
  readonly partition: number
  readonly before: PartitionImage | undefined
  readonly after: PartitionImage | undefined
}

export interface BrokerChange {
  readonly id: number
  readonly before: BrokerImage | undefined
  readonly after: BrokerImage | undefined
}

export interface MetadataDelta {
  /** As they are now, partitions included. */
  readonly topicsCreated: readonly TopicImage[]
  /** As they were. */
  readonly topicsDeleted: readonly TopicImage[]
  /** All of them, those of created and deleted topics included. */
  readonly partitionsChanged: readonly PartitionChange[]
  readonly configsChanged: readonly ConfigResource[]
  readonly brokersChanged: readonly BrokerChange[]
  /** Names of features whose finalized level changed. */
  readonly featuresChanged: readonly string[]
  readonly producerIdsChanged: boolean
  /** Keys of `quotaEntityKey`. */
  readonly quotasChanged: readonly string[]
  readonly aclsChanged: boolean
  readonly scramUsersChanged: boolean
  readonly delegationTokensChanged: boolean
  readonly controllersChanged: boolean
}

/** A delta without changes. */
export function isEmptyDelta(delta: MetadataDelta): boolean {
  return Object.values(delta).every((part) => (Array.isArray(part) ? part.length === 0 : part === false))
}

/** The delta from `before` to the draft's image. */
export function deltaOf(before: MetadataImage, draft: Draft): MetadataDelta {
  const after = draft.image
  return {
    topicsCreated: present(
      [...draft.topics].map((id) => (before.topics.has(id) ? undefined : after.topics.get(id))),
    ),
    topicsDeleted: present(
      [...draft.topics].map((id) => (after.topics.has(id) ? undefined : before.topics.get(id))),
    ),
    partitionsChanged: partitionChanges(before, draft),
    configsChanged: configChanges(before, draft),
    brokersChanged: [...draft.brokers]
      .map((id) => ({ id, before: before.brokers.get(id), after: after.brokers.get(id) }))
      .filter((change) => change.before !== change.after),
    featuresChanged: [...draft.features].filter(
      (name) => before.features.get(name) !== after.features.get(name),
    ),
    producerIdsChanged: before.producerIds !== after.producerIds,
    quotasChanged: [...draft.quotas].filter((key) => before.quotas.get(key) !== after.quotas.get(key)),
    aclsChanged: before.acls !== after.acls,
    scramUsersChanged: before.scramUsers !== after.scramUsers,
    delegationTokensChanged: before.delegationTokens !== after.delegationTokens,
    controllersChanged: before.controllers !== after.controllers,
  }
}

function present<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined)
}

function partitionChanges(before: MetadataImage, draft: Draft): PartitionChange[] {
  const changes: PartitionChange[] = []
  for (const [topicId, partitions] of draft.partitions) {
    const topicBefore = before.topics.get(topicId)
    const topicAfter = draft.image.topics.get(topicId)
    const topicName = topicAfter?.name ?? topicBefore?.name
    if (topicName === undefined) continue
    for (const partition of partitions) {
      const was = topicBefore?.partitions.get(partition)
      const is = topicAfter?.partitions.get(partition)
      if (was !== is) changes.push({ topicName, topicId, partition, before: was, after: is })
    }
  }
  return changes
}

function configChanges(before: MetadataImage, draft: Draft): ConfigResource[] {
  const changes: ConfigResource[] = []
  for (const key of draft.configs) {
    const was = before.configs.get(key)
    const is = draft.image.configs.get(key)
    const resource = (is ?? was)?.resource
    if (resource !== undefined && was !== is) changes.push(resource)
  }
  return changes
}
