/**
 * How records of topics and partitions change the image, its index of names and its loads.
 *
 * A record that names a topic or partition that is not there is a fault of the log, told as a text.
 */

import { configResourceType } from '../configs/definition.ts'
import { OrderedMap } from '../ordered-map.ts'
import { type Draft, touchPartition } from './draft.ts'
import {
  type BrokerLoad,
  configResourceKey,
  type MetadataImage,
  type PartitionImage,
  type TopicImage,
  topicByName,
} from './image.ts'
import type {
  ClearElrRecord,
  PartitionChangeRecord,
  PartitionRecord,
  RemoveTopicRecord,
  TopicRecord,
} from './record.ts'
import { topicNameHasTwin, unifiedTopicName } from './topic-name.ts'

/** PartitionChangeRecord's leader when it does not change. */
const LEADER_UNCHANGED = -2
/** PartitionChangeRecord's leader recovery state when it does not change. */
const RECOVERY_UNCHANGED = -1

export function applyTopic(draft: Draft, record: TopicRecord): string | undefined {
  const { image } = draft
  if (image.topics.has(record.topicId)) return `topic id ${record.topicId} is taken`
  if (image.topicIds.has(record.name)) return `topic ${record.name} exists`
  const topic: TopicImage = { name: record.name, id: record.topicId, partitions: OrderedMap.empty() }
  draft.image = {
    ...image,
    topics: image.topics.with(topic.id, topic),
    topicIds: image.topicIds.with(topic.name, topic.id),
    twinNames: withTwin(image.twinNames, topic.name),
  }
  draft.topics.add(topic.id)
  return undefined
}

function withTwin(twins: MetadataImage['twinNames'], name: string): MetadataImage['twinNames'] {
  if (!topicNameHasTwin(name)) return twins
  const unified = unifiedTopicName(name)
  return twins.with(unified, [...(twins.get(unified) ?? []), name])
}

function withoutTwin(twins: MetadataImage['twinNames'], name: string): MetadataImage['twinNames'] {
  if (!topicNameHasTwin(name)) return twins
  const unified = unifiedTopicName(name)
  const left = (twins.get(unified) ?? []).filter((twin) => twin !== name)
  return left.length === 0 ? twins.without(unified) : twins.with(unified, left)
}

export function applyPartition(draft: Draft, record: PartitionRecord): string | undefined {
  return putPartition(draft, record.topicId, record.partitionId, {
    replicas: record.replicas,
    directories: record.directories,
    isr: record.isr,
    removingReplicas: record.removingReplicas,
    addingReplicas: record.addingReplicas,
    eligibleLeaderReplicas: record.eligibleLeaderReplicas ?? [],
    lastKnownEligibleLeaderReplicas: record.lastKnownElr ?? [],
    leader: record.leader,
    leaderRecoveryState: record.leaderRecoveryState,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
  })
}

export function applyPartitionChange(draft: Draft, record: PartitionChangeRecord): string | undefined {
  const before = draft.image.topics.get(record.topicId)?.partitions.get(record.partitionId)
  if (before === undefined)
    return `partition ${record.partitionId} of topic id ${record.topicId} is not there`
  const leaderChanges = record.leader !== LEADER_UNCHANGED
  const recoveryChanges = record.leaderRecoveryState !== RECOVERY_UNCHANGED
  return putPartition(draft, record.topicId, record.partitionId, {
    replicas: record.replicas ?? before.replicas,
    directories: record.directories ?? before.directories,
    isr: record.isr ?? before.isr,
    removingReplicas: record.removingReplicas ?? before.removingReplicas,
    addingReplicas: record.addingReplicas ?? before.addingReplicas,
    eligibleLeaderReplicas: record.eligibleLeaderReplicas ?? before.eligibleLeaderReplicas,
    lastKnownEligibleLeaderReplicas: record.lastKnownElr ?? before.lastKnownEligibleLeaderReplicas,
    leader: leaderChanges ? record.leader : before.leader,
    leaderRecoveryState: recoveryChanges ? record.leaderRecoveryState : before.leaderRecoveryState,
    leaderEpoch: leaderChanges ? before.leaderEpoch + 1 : before.leaderEpoch,
    partitionEpoch: before.partitionEpoch + 1,
  })
}

function putPartition(
  draft: Draft,
  topicId: string,
  index: number,
  partition: PartitionImage,
): string | undefined {
  const { image } = draft
  const topic = image.topics.get(topicId)
  if (topic === undefined) return `topic id ${topicId} is not there`
  const changed = { ...topic, partitions: topic.partitions.with(index, partition) }
  draft.image = {
    ...image,
    topics: image.topics.with(topicId, changed),
    loads: reloaded(image.loads, topic.partitions.get(index), partition),
  }
  touchPartition(draft, topicId, index)
  return undefined
}

type Loads = MetadataImage['loads']

/** Loads once a partition changed from `before` to `after`; either may be missing. */
function reloaded(
  loads: Loads,
  before: PartitionImage | undefined,
  after: PartitionImage | undefined,
): Loads {
  let changed = loads
  if (before !== undefined) changed = counted(changed, before, -1)
  if (after !== undefined) changed = counted(changed, after, 1)
  return changed
}

function counted(loads: Loads, partition: PartitionImage, by: 1 | -1): Loads {
  let changed = loads
  for (const broker of partition.replicas) {
    const load: BrokerLoad = changed.get(broker) ?? { replicas: 0, leaders: 0 }
    const leaders = load.leaders + (partition.leader === broker ? by : 0)
    const replicas = load.replicas + by
    changed = replicas === 0 ? changed.without(broker) : changed.with(broker, { replicas, leaders })
  }
  return changed
}

export function applyRemoveTopic(draft: Draft, record: RemoveTopicRecord): string | undefined {
  const { image } = draft
  const topic = image.topics.get(record.topicId)
  if (topic === undefined) return `topic id ${record.topicId} is not there`
  let { loads } = image
  for (const [index, partition] of topic.partitions) {
    loads = reloaded(loads, partition, undefined)
    touchPartition(draft, topic.id, index)
  }
  // A topic's settings go with it: there is no record for each of them.
  const configs = configResourceKey({ type: configResourceType.topic, name: topic.name })
  if (image.configs.has(configs)) draft.configs.add(configs)
  draft.image = {
    ...image,
    topics: image.topics.without(topic.id),
    topicIds: image.topicIds.without(topic.name),
    twinNames: withoutTwin(image.twinNames, topic.name),
    configs: image.configs.without(configs),
    loads,
  }
  draft.topics.add(topic.id)
  return undefined
}

/** Forgets eligible leader replicas (KIP-966), of one topic or, where the name is empty, of all. */
export function applyClearEligibleLeaders(draft: Draft, record: ClearElrRecord): string | undefined {
  if (record.topicName === '') {
    forgetEligibleLeaders(draft)
    return undefined
  }
  const topic = topicByName(draft.image, record.topicName)
  if (topic === undefined) return `topic ${record.topicName} is not there`
  clearTopic(draft, topic)
  return undefined
}

/** Without the feature nobody is eligible: its level alone says so, there is no record for each partition. */
export function forgetEligibleLeaders(draft: Draft): void {
  for (const topic of draft.image.topics.values()) clearTopic(draft, topic)
}

function clearTopic(draft: Draft, topic: TopicImage): void {
  for (const [index, partition] of topic.partitions) {
    if (
      partition.eligibleLeaderReplicas.length === 0 &&
      partition.lastKnownEligibleLeaderReplicas.length === 0
    ) {
      continue
    }
    const cleared = { ...partition, eligibleLeaderReplicas: [], lastKnownEligibleLeaderReplicas: [] }
    putPartition(draft, topic.id, index, cleared)
  }
}
