/**
 * AlterPartitionReassignments (45): replicas shall lie elsewhere, or a move under way shall be taken back (KIP-455).
 *
 * A move keeps all replicas, old and new, until the new ones are in sync; then `partition-change.ts` lets the old ones go.
 * Cancelling gives the new ones up; where only they are in sync that would lose data and is refused, unless the topic
 * allows unclean elections.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponseInput,
} from '../../../protocol/messages/alter-partition-reassignments.ts'
import type { Problem } from '../../problem.ts'
import type { NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { automaticElection, topicElection } from '../election-rules.ts'
import { type MetadataImage, type PartitionImage, type TopicImage, topicByName } from '../image.ts'
import { assignmentProblem } from '../new-partition.ts'
import { changePartition } from '../partition-change.ts'
import type { MetadataRecord } from '../record.ts'
import { isMoving, type Move, moveBack, moveTo } from '../replica-move.ts'

type Response = AlterPartitionReassignmentsResponseInput

export function decideAlterPartitionReassignments(
  image: MetadataImage,
  request: AlterPartitionReassignmentsRequest,
  node: NodeFacts,
): MetadataDecision<Response> {
  const records: MetadataRecord[] = []
  const responses = request.topics.map(({ name, partitions }) => {
    const topic = topicByName(image, name)
    return {
      name,
      partitions: partitions.map(({ partitionIndex, replicas }) => ({
        partitionIndex,
        ...(verdictOf(image, node, topic, partitionIndex, replicas, request, records) ?? done),
      })),
    }
  })
  const { allowReplicationFactorChange } = request
  return {
    records,
    reply: { throttleTimeMs: 0, allowReplicationFactorChange, errorCode: 0, errorMessage: null, responses },
  }
}

const done = { errorCode: 0, errorMessage: null }

function verdictOf(
  image: MetadataImage,
  node: NodeFacts,
  topic: TopicImage | undefined,
  index: number,
  replicas: readonly number[] | null,
  { allowReplicationFactorChange }: AlterPartitionReassignmentsRequest,
  records: MetadataRecord[],
): Problem | null {
  const partition = topic?.partitions.get(index)
  if (topic === undefined || partition === undefined) {
    const errorMessage = 'This server does not host this topic-partition.'
    return { errorCode: errorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage }
  }
  const rules = topicElection(image, node, topic.name)
  const move = replicas === null ? moveBack(partition) : moveTo(partition, replicas)
  const problem =
    (replicas === null
      ? cancelProblem(partition)
      : moveProblem(image, partition, replicas, allowReplicationFactorChange)) ??
    (rules.allowsUnclean ? null : lossProblem(topic, index, partition, move))
  if (problem !== null) return problem
  const record = changePartition(topic.id, index, partition, move, {
    ...rules,
    election: automaticElection(rules),
  })
  if (record !== null) records.push(record)
  return null
}

function cancelProblem(partition: PartitionImage): Problem | null {
  if (isMoving(partition)) return null
  const errorMessage = 'No partition reassignment is in progress.'
  return { errorCode: errorCode.NO_REASSIGNMENT_IN_PROGRESS, errorMessage }
}

/** Nobody who is in sync would be left: what only the new replicas have would be lost. */
function lossProblem(
  topic: TopicImage,
  index: number,
  partition: PartitionImage,
  move: Move,
): Problem | null {
  if (move.isr.some((id) => partition.isr.includes(id))) return null
  return {
    errorCode: errorCode.INVALID_REPLICA_ASSIGNMENT,
    errorMessage: `Unable to revert partition assignment for ${topic.name}-${index} because it would require an unclean leader election.`,
  }
}

function moveProblem(
  image: MetadataImage,
  partition: PartitionImage,
  replicas: readonly number[],
  allowsFactorChange: boolean,
): Problem | null {
  const problem = assignmentProblem(image, replicas, undefined)
  if (problem !== undefined) return problem
  const factor = partition.replicas.length - partition.addingReplicas.length
  if (allowsFactorChange || replicas.length === factor) return null
  return {
    errorCode: errorCode.INVALID_REPLICATION_FACTOR,
    errorMessage: `The replication factor is changed from ${factor} to ${replicas.length}`,
  }
}
