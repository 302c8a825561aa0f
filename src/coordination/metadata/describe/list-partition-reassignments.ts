/** ListPartitionReassignments (46): the moves of replicas that are under way (KIP-455). */
import type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponseInput,
} from '../../../protocol/messages/list-partition-reassignments.ts'
import { type MetadataImage, type TopicImage, topicByName } from '../image.ts'
import { isMoving } from '../replica-move.ts'

type TopicRow = ListPartitionReassignmentsResponseInput['topics'][number]

/** Topics and partitions that do not exist, or do not move, are left out, as Kafka does. */
export function listPartitionReassignments(
  image: MetadataImage,
  request: ListPartitionReassignmentsRequest,
): ListPartitionReassignmentsResponseInput {
  const topics: TopicRow[] = []
  const add = (topic: TopicImage | undefined, indexes: Iterable<number>): void => {
    const row = topic === undefined ? null : rowOf(topic, indexes)
    if (row !== null) topics.push(row)
  }
  if (request.topics === null) for (const topic of image.topics.values()) add(topic, topic.partitions.keys())
  else
    for (const { name, partitionIndexes } of request.topics) add(topicByName(image, name), partitionIndexes)
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, topics }
}

function rowOf(topic: TopicImage, indexes: Iterable<number>): TopicRow | null {
  const partitions: TopicRow['partitions'][number][] = []
  for (const partitionIndex of indexes) {
    const partition = topic.partitions.get(partitionIndex)
    if (partition === undefined || !isMoving(partition)) continue
    const { replicas, addingReplicas, removingReplicas } = partition
    partitions.push({ partitionIndex, replicas, addingReplicas, removingReplicas })
  }
  return partitions.length === 0 ? null : { name: topic.name, partitions }
}
