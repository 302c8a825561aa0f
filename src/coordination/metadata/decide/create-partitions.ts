/**
 * CreatePartitions: a topic grows to `count` partitions; it never shrinks.
 *
 * New partitions have as many replicas as the topic's first; the client may place them itself. KIP-195. Of one that
 * moves only those count that it keeps; Kafka counts also those that it gives up, and so makes more than anybody wanted.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponseInput,
} from '../../../protocol/messages/create-partitions.ts'
import { coordinationLimits } from '../../limits.ts'
import { isProblem, type Problem } from '../../problem.ts'
import type { MetadataDecision } from '../decision.ts'
import { type MetadataImage, type TopicImage, topicByName } from '../image.ts'
import { assignmentProblem, newPartition, nobodyActive } from '../new-partition.ts'
import { placementBrokers, placePartitions } from '../placement.ts'
import type { MetadataRecord } from '../record.ts'
import { targetReplicas } from '../replica-move.ts'
import { partitionRecord } from '../snapshot.ts'

type RequestedTopic = CreatePartitionsRequest['topics'][number]
type TopicReply = CreatePartitionsResponseInput['results'][number]

export function decideCreatePartitions(
  image: MetadataImage,
  request: CreatePartitionsRequest,
): MetadataDecision<CreatePartitionsResponseInput> {
  const records: MetadataRecord[] = []
  const results: TopicReply[] = []
  const counts = new Map<string, number>()
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const topic of request.topics) {
    const times = counts.get(topic.name)
    if (times === undefined) continue
    counts.delete(topic.name)
    const made = times > 1 ? duplicateName : newPartitions(image, topic, records.length)
    if (isProblem(made)) {
      results.push({ name: topic.name, ...made })
      continue
    }
    if (!request.validateOnly) records.push(...made)
    results.push({ name: topic.name, errorCode: 0, errorMessage: null })
  }
  return { records, reply: { throttleTimeMs: 0, results } }
}

const duplicateName: Problem = {
  errorCode: errorCode.INVALID_REQUEST,
  errorMessage: 'Duplicate topic name.',
}

function newPartitions(
  image: MetadataImage,
  request: RequestedTopic,
  partitionsBefore: number,
): MetadataRecord[] | Problem {
  const topic = topicByName(image, request.name)
  if (topic === undefined) {
    return { errorCode: errorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null }
  }
  const present = topic.partitions.size
  const added = request.count - present
  if (added === 0) return invalidPartitions(`Topic already has ${present} partition(s).`)
  if (added < 0) {
    return invalidPartitions(
      `The topic ${topic.name} currently has ${present} partition(s); ${request.count} would not be an increase.`,
    )
  }
  if (partitionsBefore + added > coordinationLimits.partitionsPerRequestMax) {
    const errorMessage = 'Excessively large number of partitions per request.'
    return { errorCode: errorCode.POLICY_VIOLATION, errorMessage }
  }
  const first = topic.partitions.get(0)
  const factor = first === undefined ? 1 : targetReplicas(first).length
  const replicas =
    request.assignments === null
      ? placedReplicas(image, added, factor)
      : assignedReplicas(image, request, added, factor)
  return isProblem(replicas) ? replicas : partitionRecords(image, topic, replicas)
}

function invalidPartitions(errorMessage: string): Problem {
  return { errorCode: errorCode.INVALID_PARTITIONS, errorMessage }
}

type ReplicaLists = readonly (readonly number[])[]

function placedReplicas(image: MetadataImage, added: number, factor: number): ReplicaLists | Problem {
  const placement = placePartitions(placementBrokers(image), added, factor)
  return placement.ok ? placement.assignments : placement.problem
}

function assignedReplicas(
  image: MetadataImage,
  request: RequestedTopic,
  added: number,
  factor: number,
): ReplicaLists | Problem {
  const lists = (request.assignments ?? []).map(({ brokerIds }) => brokerIds)
  if (lists.length !== added) {
    const errorMessage = `Attempted to add ${added} additional partition(s), but only ${lists.length} assignment(s) were specified.`
    return { errorCode: errorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage }
  }
  for (const list of lists) {
    const problem = assignmentProblem(image, list, factor)
    if (problem !== undefined) return problem
  }
  return lists
}

function partitionRecords(
  image: MetadataImage,
  topic: TopicImage,
  replicas: ReplicaLists,
): MetadataRecord[] | Problem {
  const records: MetadataRecord[] = []
  for (const [index, list] of replicas.entries()) {
    const partitionId = topic.partitions.size + index
    const partition = newPartition(image, list)
    if (partition === undefined) return nobodyActive(partitionId)
    records.push(partitionRecord(topic.id, partitionId, partition))
  }
  return records
}
