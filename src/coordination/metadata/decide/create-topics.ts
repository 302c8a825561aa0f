/**
 * CreateTopics: which topics come to be, with which partitions, replicas and settings.
 *
 * Each topic stands or falls alone, with Kafka's code and text. `-1` means the broker's default; a client may place
 * the replicas itself. Topic ids come in from outside, so that deciding stays pure. Who may create what has been
 * checked before. KIP-4, KIP-464, KIP-525 (settings in the answer).
 */

import { errorCode } from '../../../protocol/errors.ts'
import type {
  CreateTopicsRequest,
  CreateTopicsResponseInput,
} from '../../../protocol/messages/create-topics.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { configResourceType, topicDefinitions } from '../../configs/definition.ts'
import { describeRow, isShown } from '../../configs/describe-row.ts'
import { type BrokerConfigLayers, resolveTopicConfig } from '../../configs/resolve.ts'
import { topicConfigProblem } from '../../configs/topic-rules.ts'
import { numberValue } from '../../configs/typed-value.ts'
import { coordinationLimits } from '../../limits.ts'
import { isProblem, type Problem } from '../../problem.ts'
import { brokerConfig, brokerLayers, type NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { type MetadataImage, type PartitionImage, topicByName } from '../image.ts'
import { assignmentProblem, newPartition, nobodyActive } from '../new-partition.ts'
import { type PlacementBroker, placementBrokers, placePartitions } from '../placement.ts'
import type { MetadataRecord } from '../record.ts'
import { partitionRecord } from '../snapshot.ts'
import { metadataTopic, topicNameHasTwin, topicNameProblem, unifiedTopicName } from '../topic-name.ts'

/** What deciding needs beside the image. */
export interface CreateTopicsContext extends NodeFacts {
  /** Fresh random ids, at least one for each topic of the request. */
  readonly topicIds: readonly string[]
}

type RequestedTopic = CreateTopicsRequest['topics'][number]
type TopicReply = NonNullable<CreateTopicsResponseInput['topics']>[number]

/** What the topics before this one in the request have taken. */
interface Progress {
  readonly unifiedNames: Map<string, string>
  partitions: number
  brokers: readonly PlacementBroker[]
}

export function decideCreateTopics(
  image: MetadataImage,
  request: CreateTopicsRequest,
  context: CreateTopicsContext,
): MetadataDecision<CreateTopicsResponseInput> {
  const records: MetadataRecord[] = []
  const topics: TopicReply[] = []
  const progress: Progress = { unifiedNames: new Map(), partitions: 0, brokers: placementBrokers(image) }
  const counts = new Map<string, number>()
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1)
  const unusedIds = [...context.topicIds]
  for (const topic of request.topics) {
    const times = counts.get(topic.name)
    if (times === undefined) continue
    counts.delete(topic.name)
    if (times > 1) {
      topics.push(refusedTopic(topic.name, problem(errorCode.INVALID_REQUEST, 'Duplicate topic name.')))
      continue
    }
    const partitions = plannedPartitions(image, topic, context, progress)
    if (isProblem(partitions)) {
      topics.push(refusedTopic(topic.name, partitions))
      continue
    }
    const topicId = unusedIds.shift()
    if (topicId === undefined) throw new Error('fewer topic ids than topics')
    if (!request.validateOnly) records.push(...topicRecords(topic, topicId, partitions))
    topics.push(createdTopic(image, topic, topicId, partitions, context))
  }
  return { records, reply: { throttleTimeMs: 0, topics } }
}

function problem(code: number, errorMessage: string): Problem {
  return { errorCode: code, errorMessage }
}

/** The topic's partitions, or why it cannot be created. */
function plannedPartitions(
  image: MetadataImage,
  topic: RequestedTopic,
  context: CreateTopicsContext,
  progress: Progress,
): PartitionImage[] | Problem {
  const badName = nameProblem(image, topic.name, progress)
  if (badName !== undefined) return badName
  const badConfig = topicConfigProblem(topic.configs.map(({ name, value }) => [name, value] as const))
  if (badConfig !== undefined) return badConfig
  const replicas =
    topic.assignments.length > 0
      ? assignedReplicas(image, topic)
      : placedReplicas(image, topic, context, progress)
  if (isProblem(replicas)) return replicas
  const partitions: PartitionImage[] = []
  for (const [index, list] of replicas.entries()) {
    const partition = newPartition(image, list)
    if (partition === undefined) return nobodyActive(index)
    partitions.push(partition)
  }
  progress.partitions += partitions.length
  if (topicNameHasTwin(topic.name)) progress.unifiedNames.set(unifiedTopicName(topic.name), topic.name)
  progress.brokers = withPlanned(progress.brokers, partitions)
  return partitions
}

function nameProblem(image: MetadataImage, name: string, progress: Progress): Problem | undefined {
  const illegal = topicNameProblem(name)
  if (illegal !== undefined) return problem(errorCode.INVALID_TOPIC_EXCEPTION, illegal)
  if (name === metadataTopic) {
    return problem(errorCode.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`)
  }
  if (topicByName(image, name) !== undefined) {
    return problem(errorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  }
  if (!topicNameHasTwin(name)) return undefined
  const unified = unifiedTopicName(name)
  const twin = image.twinNames.get(unified)?.[0] ?? progress.unifiedNames.get(unified)
  if (twin === undefined) return undefined
  return problem(errorCode.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${twin}`)
}

function assignedReplicas(
  image: MetadataImage,
  topic: RequestedTopic,
): readonly (readonly number[])[] | Problem {
  const notBoth = 'A manual partition assignment was specified, but'
  if (topic.replicationFactor !== -1) {
    return problem(errorCode.INVALID_REQUEST, `${notBoth} replication factor was not set to -1.`)
  }
  if (topic.numPartitions !== -1) {
    return problem(errorCode.INVALID_REQUEST, `${notBoth} numPartitions was not set to -1.`)
  }
  const lists = new Map<number, readonly number[]>()
  let factor: number | undefined
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (lists.has(partitionIndex)) {
      const text = `Found multiple manual partition assignments for partition ${partitionIndex}`
      return problem(errorCode.INVALID_REPLICA_ASSIGNMENT, text)
    }
    const unusable = assignmentProblem(image, brokerIds, factor)
    if (unusable !== undefined) return unusable
    factor = brokerIds.length
    lists.set(partitionIndex, brokerIds)
  }
  const ordered: (readonly number[])[] = []
  for (let index = 0; index < lists.size; index++) {
    const list = lists.get(index)
    if (list === undefined) {
      const text = 'partitions should be a consecutive 0-based integer sequence'
      return problem(errorCode.INVALID_REPLICA_ASSIGNMENT, text)
    }
    ordered.push(list)
  }
  return ordered
}

function placedReplicas(
  image: MetadataImage,
  topic: RequestedTopic,
  context: CreateTopicsContext,
  progress: Progress,
): readonly (readonly number[])[] | Problem {
  const { numPartitions, replicationFactor } = topic
  if (replicationFactor < -1 || replicationFactor === 0) {
    const text = 'Replication factor must be larger than 0, or -1 to use the default value.'
    return problem(errorCode.INVALID_REPLICATION_FACTOR, text)
  }
  if (numPartitions < -1 || numPartitions === 0) {
    const text = 'Number of partitions was set to an invalid non-positive value.'
    return problem(errorCode.INVALID_PARTITIONS, text)
  }
  const fallback = (name: string) => numberValue(brokerConfig(image, context, name))
  const partitions = numPartitions === -1 ? fallback('num.partitions') : numPartitions
  const factor = replicationFactor === -1 ? fallback('default.replication.factor') : replicationFactor
  if (progress.partitions + partitions > coordinationLimits.partitionsPerRequestMax) {
    return problem(errorCode.POLICY_VIOLATION, 'Excessively large number of partitions per request.')
  }
  const placement = placePartitions(progress.brokers, partitions, factor)
  return placement.ok ? placement.assignments : placement.problem
}

/** Brokers with the planned partitions counted, so that the next topic of the request is placed beside them. */
function withPlanned(
  brokers: readonly PlacementBroker[],
  partitions: readonly PartitionImage[],
): PlacementBroker[] {
  return brokers.map((broker) => ({
    ...broker,
    leaders: broker.leaders + partitions.filter(({ leader }) => leader === broker.id).length,
    replicas: broker.replicas + partitions.filter(({ replicas }) => replicas.includes(broker.id)).length,
  }))
}

function topicRecords(
  topic: RequestedTopic,
  topicId: string,
  partitions: readonly PartitionImage[],
): MetadataRecord[] {
  const configs: MetadataRecord[] = topic.configs.map(({ name, value }) => ({
    type: 'ConfigRecord',
    value: { resourceType: configResourceType.topic, resourceName: topic.name, name, value },
  }))
  return [
    { type: 'TopicRecord', value: { name: topic.name, topicId } },
    ...configs,
    ...partitions.map((partition, index) => partitionRecord(topicId, index, partition)),
  ]
}

function refusedTopic(name: string, { errorCode: code, errorMessage }: Problem): TopicReply {
  return {
    name,
    topicId: ZERO_UUID,
    errorCode: code,
    errorMessage,
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  }
}

function createdTopic(
  image: MetadataImage,
  topic: RequestedTopic,
  topicId: string,
  partitions: readonly PartitionImage[],
  context: CreateTopicsContext,
): TopicReply {
  return {
    name: topic.name,
    topicId,
    errorCode: 0,
    errorMessage: null,
    numPartitions: partitions.length,
    replicationFactor: partitions[0]?.replicas.length ?? -1,
    configs: configsOfNewTopic(topic, brokerLayers(image, context)),
  }
}

function configsOfNewTopic(topic: RequestedTopic, layers: BrokerConfigLayers): TopicReply['configs'] {
  const own = new Map<string, string>()
  for (const { name, value } of topic.configs) if (value !== null) own.set(name, value)
  const rows: NonNullable<TopicReply['configs']>[number][] = []
  for (const definition of topicDefinitions.values()) {
    const resolved = resolveTopicConfig(definition, own, layers)
    if (!isShown(definition, resolved)) continue
    const { name, value, readOnly, configSource, isSensitive } = describeRow(
      configResourceType.topic,
      resolved,
      false,
    )
    rows.push({ name, value, readOnly, configSource, isSensitive })
  }
  return rows
}
