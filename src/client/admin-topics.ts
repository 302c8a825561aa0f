/**
 * Administration of topics: list, create, delete, grow, and cut records off.
 *
 * Each call answers when the cluster serves what was asked, or throws a `ClientError` with the broker's words.
 */
import { errorCode } from '../protocol/errors.ts'
import { createPartitions } from '../protocol/messages/create-partitions.ts'
import { createTopics } from '../protocol/messages/create-topics.ts'
import { deleteRecords } from '../protocol/messages/delete-records.ts'
import { deleteTopics } from '../protocol/messages/delete-topics.ts'
import {
  type DescribeTopicPartitionsResponse,
  describeTopicPartitions,
} from '../protocol/messages/describe-topic-partitions.ts'
import { answeredError } from './client-error.ts'
import type { Cluster, TopicMetadata } from './cluster.ts'

export interface NewTopic {
  readonly name: string
  /** -1: the broker's default. */
  readonly partitions: number
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
}

const TIMEOUT_MS = 30_000

/** All topics, or those named; throws when a named one is missing. */
export async function describeTopics(
  cluster: Cluster,
  names: readonly string[] | null,
): Promise<TopicMetadata[]> {
  const answer = await cluster.retrying(() => cluster.refresh(names))
  const failed = answer.topics.find((topic) => topic.errorCode !== 0)
  if (names !== null && failed !== undefined) throw answeredError(failed.errorCode, `topic ${failed.name}`)
  return answer.topics
    .filter((topic) => topic.name !== null)
    .sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))
}

export type PartitionDescription = DescribeTopicPartitionsResponse['topics'][number]['partitions'][number]

/** Every partition of a topic with who may lead it (KIP-966), page by page; throws when there is no such topic. */
export async function describePartitions(cluster: Cluster, name: string): Promise<PartitionDescription[]> {
  const found: PartitionDescription[] = []
  let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null
  do {
    const answer: DescribeTopicPartitionsResponse = await cluster.request(null, describeTopicPartitions, {
      topics: [{ name }],
      cursor,
    })
    const [topic] = answer.topics
    if (topic === undefined || topic.errorCode !== 0)
      throw answeredError(topic?.errorCode ?? errorCode.UNKNOWN_SERVER_ERROR, `topic ${name}`)
    found.push(...topic.partitions)
    cursor = answer.nextCursor
  } while (cursor !== null)
  return found
}

export async function createTopic(cluster: Cluster, topic: NewTopic, validateOnly = false): Promise<void> {
  const answer = await cluster.request(null, createTopics, {
    topics: [
      {
        name: topic.name,
        numPartitions: topic.partitions,
        replicationFactor: topic.replicationFactor,
        assignments: [],
        configs: Object.entries(topic.configs).map(([name, value]) => ({ name, value })),
      },
    ],
    timeoutMs: TIMEOUT_MS,
    validateOnly,
  })
  const [result] = answer.topics
  if (result !== undefined && result.errorCode !== 0)
    throw answeredError(result.errorCode, `topic ${topic.name}`, result.errorMessage)
}

export async function deleteTopic(cluster: Cluster, name: string): Promise<void> {
  const answer = await cluster.request(
    null,
    deleteTopics,
    {
      topicNames: [name],
      timeoutMs: TIMEOUT_MS,
    },
    { versionMax: 5 },
  )
  const [result] = answer.responses
  cluster.forget(name)
  if (result !== undefined && result.errorCode !== 0)
    throw answeredError(result.errorCode, `topic ${name}`, result.errorMessage)
}

/** Grows a topic to `count` partitions in all. */
export async function addPartitions(cluster: Cluster, name: string, count: number): Promise<void> {
  const answer = await cluster.request(null, createPartitions, {
    topics: [{ name, count, assignments: null }],
    timeoutMs: TIMEOUT_MS,
    validateOnly: false,
  })
  const [result] = answer.results
  cluster.forget(name)
  if (result !== undefined && result.errorCode !== 0)
    throw answeredError(result.errorCode, `topic ${name}`, result.errorMessage)
}

/** Removes the records of a partition before an offset; the answer is its new first offset. */
export async function deleteRecordsBefore(
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: number,
): Promise<number> {
  const leader = await cluster.leader(topic, partition)
  const answer = await cluster.request(leader, deleteRecords, {
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, offset: BigInt(offset) }] }],
    timeoutMs: TIMEOUT_MS,
  })
  const result = answer.topics[0]?.partitions[0]
  if (result !== undefined && result.errorCode !== 0)
    throw answeredError(result.errorCode, `${topic}-${partition}`)
  return Number(result?.lowWatermark ?? -1)
}
