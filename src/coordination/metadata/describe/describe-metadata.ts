/**
 * Metadata, every version: brokers, topics by name or id, and who leads each partition.
 *
 * Answers from the image alone. It never creates a topic: a handler that may do so decides that first and asks
 * again. Names that cannot be topics answer 17, unknown names 3, unknown ids 100; the rest of the answer goes on.
 * Versions 10 and 11 can spell topic ids but not ask by them: any id or missing name there refuses the whole
 * request with 42, as Kafka does.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type { MetadataRequest, MetadataResponseInput } from '../../../protocol/messages/metadata.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { operationsNotAsked } from '../../authorized-operations.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../image.ts'
import { topicByName } from '../image.ts'
import { isActive } from '../new-partition.ts'
import { isInternalTopic, topicNameProblem } from '../topic-name.ts'
import { clientEndpoint, type EndpointView, isReachable } from './endpoint.ts'

/** What the answer needs beside the image. */
export interface MetadataView extends EndpointView {
  readonly clusterId: string
  /** A broker that takes administrative requests; -1 when there is none. */
  readonly controllerId: number
  /** Whether the client may know of the topic; topics that it may not are left out or answered as unauthorized. */
  readonly mayDescribe: (topic: string) => boolean
  /** Bit sets of what the client may do. */
  readonly topicOperations: (topic: string) => number
  readonly clusterOperations: number
}

const FIRST_VERSION_BY_ID = 12

type TopicBody = NonNullable<MetadataResponseInput['topics']>[number]

export function describeMetadata(
  image: MetadataImage,
  request: MetadataRequest,
  apiVersion: number,
  view: MetadataView,
): MetadataResponseInput {
  const withOperations = request.includeTopicAuthorizedOperations
  const topics = topicBodies(image, request, apiVersion, view).map((topic) => ({
    ...topic,
    topicAuthorizedOperations:
      withOperations && topic.errorCode === 0 ? view.topicOperations(topic.name ?? '') : operationsNotAsked,
  }))
  return {
    throttleTimeMs: 0,
    brokers: brokerBodies(image, view),
    clusterId: view.clusterId,
    controllerId: view.controllerId,
    topics,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? view.clusterOperations
      : operationsNotAsked,
    errorCode: 0,
  }
}

/** Active brokers that have the listener. */
function brokerBodies(image: MetadataImage, view: EndpointView): MetadataResponseInput['brokers'] {
  const bodies: NonNullable<MetadataResponseInput['brokers']>[number][] = []
  for (const broker of image.brokers.values()) {
    const endpoint = isActive(broker) ? clientEndpoint(broker, view) : undefined
    if (endpoint !== undefined) bodies.push({ nodeId: broker.id, ...endpoint, rack: broker.rack })
  }
  return bodies
}

/** Whether a request of a version that cannot ask by id does so all the same. */
export function asksByIdTooEarly(request: MetadataRequest, apiVersion: number): boolean {
  return (
    apiVersion < FIRST_VERSION_BY_ID &&
    (request.topics ?? []).some(({ name, topicId }) => name === null || topicId !== ZERO_UUID)
  )
}

function topicBodies(
  image: MetadataImage,
  request: MetadataRequest,
  apiVersion: number,
  view: MetadataView,
): TopicBody[] {
  const { topics } = request
  // Version 0 has no null: there an empty list asks for all topics.
  if (topics === null || (apiVersion === 0 && topics.length === 0)) return allTopics(image, view)
  if (asksByIdTooEarly(request, apiVersion))
    return topics.map(({ name }) => absentTopic(name ?? '', ZERO_UUID, errorCode.INVALID_REQUEST))
  const byId = new Set<string>()
  const byName = new Set<string>()
  for (const { name, topicId } of topics) {
    if (topicId !== ZERO_UUID) byId.add(topicId)
    else byName.add(name ?? '')
  }
  return [
    ...[...byId].map((id) => topicById(image, id, view)),
    ...[...byName].map((name) => topicOfName(image, name, view)),
  ]
}

function allTopics(image: MetadataImage, view: MetadataView): TopicBody[] {
  const bodies: TopicBody[] = []
  for (const [name, id] of image.topicIds) {
    const topic = image.topics.get(id)
    if (topic !== undefined && view.mayDescribe(name)) bodies.push(topicBody(image, topic, view))
  }
  return bodies
}

function topicById(image: MetadataImage, id: string, view: MetadataView): TopicBody {
  const topic = image.topics.get(id)
  // A client that may not know of a topic must not learn from its id that it exists.
  if (topic === undefined || !view.mayDescribe(topic.name)) {
    return absentTopic(null, id, errorCode.UNKNOWN_TOPIC_ID)
  }
  return topicBody(image, topic, view)
}

function topicOfName(image: MetadataImage, name: string, view: MetadataView): TopicBody {
  if (!view.mayDescribe(name)) return absentTopic(name, ZERO_UUID, errorCode.TOPIC_AUTHORIZATION_FAILED)
  const topic = topicByName(image, name)
  if (topic !== undefined) return topicBody(image, topic, view)
  const code =
    topicNameProblem(name) === undefined
      ? errorCode.UNKNOWN_TOPIC_OR_PARTITION
      : errorCode.INVALID_TOPIC_EXCEPTION
  return absentTopic(name, ZERO_UUID, code)
}

function absentTopic(name: string | null, topicId: string, code: number): TopicBody {
  return {
    errorCode: code,
    name,
    topicId,
    isInternal: name !== null && isInternalTopic(name),
    partitions: [],
  }
}

function topicBody(image: MetadataImage, topic: TopicImage, view: MetadataView): TopicBody {
  const partitions: NonNullable<TopicBody['partitions']>[number][] = []
  for (const [partitionIndex, partition] of topic.partitions) {
    partitions.push({ partitionIndex, ...partitionBody(image, partition, view) })
  }
  return {
    errorCode: 0,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions,
  }
}

/** A partition as clients of the listener see it: without a leader whom they can reach, 5 and leader -1. */
export function partitionBody(image: MetadataImage, partition: PartitionImage, view: EndpointView) {
  const hasLeader = isReachable(image, partition.leader, view)
  return {
    errorCode: hasLeader ? 0 : leaderProblem(image, partition),
    leaderId: hasLeader ? partition.leader : -1,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: partition.replicas,
    isrNodes: partition.isr,
    offlineReplicas: partition.replicas.filter((id) => !isActive(image.brokers.get(id))),
  }
}

function leaderProblem(image: MetadataImage, partition: PartitionImage): number {
  return isActive(image.brokers.get(partition.leader))
    ? errorCode.LISTENER_NOT_FOUND
    : errorCode.LEADER_NOT_AVAILABLE
}
