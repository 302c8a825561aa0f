/**
 * DescribeTopicPartitions (KIP-966): topics in order of their names, so many partitions at a time.
 *
 * An answer that is full ends with a cursor: the topic and partition at which the next one begins.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponseInput,
} from '../../../protocol/messages/describe-topic-partitions.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { operationsNotAsked } from '../../authorized-operations.ts'
import { coordinationLimits } from '../../limits.ts'
import { type MetadataImage, topicByName } from '../image.ts'
import { isInternalTopic, topicNameProblem } from '../topic-name.ts'
import { type MetadataView, partitionBody } from './describe-metadata.ts'

type TopicBody = DescribeTopicPartitionsResponseInput['topics'][number]
type Cursor = NonNullable<DescribeTopicPartitionsRequest['cursor']>

/** `partitionsMax` is `max.request.partition.size.limit`. */
export function describeTopicPartitions(
  image: MetadataImage,
  request: DescribeTopicPartitionsRequest,
  view: MetadataView,
  partitionsMax: number = coordinationLimits.describedPartitionsMax,
): DescribeTopicPartitionsResponseInput {
  const { cursor } = request
  const asked =
    request.topics.length === 0 ? null : [...new Set(request.topics.map(({ name }) => name))].sort()
  if (cursor !== null && isWrongCursor(cursor, asked)) {
    const topics = (asked ?? [cursor.topicName]).map((name) =>
      absentTopic(name, errorCode.INVALID_REQUEST, operationsNotAsked),
    )
    return { throttleTimeMs: 0, topics, nextCursor: null }
  }
  const names = asked ?? [...image.topicIds.keys(cursor?.topicName)].filter(view.mayDescribe)
  const from = cursor?.topicName ?? ''
  // A limit below one would never get anywhere.
  const limit = Math.max(1, Math.min(request.responsePartitionLimit, partitionsMax))
  return pageOf(
    image,
    names.filter((name) => name >= from),
    cursor,
    limit,
    view,
  )
}

/** A cursor must name one of the topics asked for, and a partition. */
function isWrongCursor(cursor: Cursor, asked: readonly string[] | null): boolean {
  return cursor.partitionIndex < 0 || (asked !== null && !asked.includes(cursor.topicName))
}

function pageOf(
  image: MetadataImage,
  names: readonly string[],
  cursor: Cursor | null,
  limit: number,
  view: MetadataView,
): DescribeTopicPartitionsResponseInput {
  const topics: TopicBody[] = []
  let left = limit
  for (const name of names) {
    const topic = view.mayDescribe(name) ? topicByName(image, name) : undefined
    if (topic === undefined) {
      topics.push(absentTopic(name, absenceCode(name, view), view.topicOperations(name)))
      continue
    }
    const first = cursor?.topicName === name ? cursor.partitionIndex : 0
    if (left === 0) {
      return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: first } }
    }
    const partitions: TopicBody['partitions'][number][] = []
    let next: number | undefined
    for (const [partitionIndex, partition] of topic.partitions.entries(first)) {
      if (left === 0) {
        next = partitionIndex
        break
      }
      partitions.push({
        partitionIndex,
        ...partitionBody(image, partition, view),
        eligibleLeaderReplicas: partition.eligibleLeaderReplicas,
        lastKnownElr: partition.lastKnownEligibleLeaderReplicas,
      })
      left--
    }
    topics.push({
      errorCode: 0,
      name,
      topicId: topic.id,
      isInternal: isInternalTopic(name),
      partitions,
      topicAuthorizedOperations: view.topicOperations(name),
    })
    if (next !== undefined) {
      return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: next } }
    }
  }
  return { throttleTimeMs: 0, topics, nextCursor: null }
}

function absenceCode(name: string, view: MetadataView): number {
  if (!view.mayDescribe(name)) return errorCode.TOPIC_AUTHORIZATION_FAILED
  return topicNameProblem(name) === undefined
    ? errorCode.UNKNOWN_TOPIC_OR_PARTITION
    : errorCode.INVALID_TOPIC_EXCEPTION
}

function absentTopic(name: string, code: number, operations: number): TopicBody {
  return {
    errorCode: code,
    name,
    topicId: ZERO_UUID,
    isInternal: isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: operations,
  }
}
