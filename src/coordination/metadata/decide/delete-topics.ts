/**
 * DeleteTopics: which topics go, by name or by id.
 *
 * Up to version 5 topics come as names, from 6 on as names or ids (KIP-516). Each stands or falls alone. Who may
 * delete or even see a topic has been checked before.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type {
  DeleteTopicsRequest,
  DeleteTopicsResponseInput,
} from '../../../protocol/messages/delete-topics.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { booleanValue } from '../../configs/typed-value.ts'
import type { Problem } from '../../problem.ts'
import { brokerConfig, type NodeFacts } from '../config-layers.ts'
import type { MetadataDecision } from '../decision.ts'
import { type MetadataImage, type TopicImage, topicByName } from '../image.ts'
import type { MetadataRecord } from '../record.ts'

type TopicReply = NonNullable<DeleteTopicsResponseInput['responses']>[number]

/** One topic as it was asked for: exactly one of the two says which. */
interface Asked {
  readonly name: string | null
  readonly topicId: string
}

export function decideDeleteTopics(
  image: MetadataImage,
  request: DeleteTopicsRequest,
  context: NodeFacts,
): MetadataDecision<DeleteTopicsResponseInput> {
  const asked: Asked[] = [
    ...request.topicNames.map((name) => ({ name, topicId: ZERO_UUID })),
    ...request.topics.map(({ name, topicId }) => ({ name, topicId })),
  ]
  const counts = new Map<string, number>()
  for (const topic of asked) counts.set(keyOf(topic), (counts.get(keyOf(topic)) ?? 0) + 1)
  const enabled = booleanValue(brokerConfig(image, context, 'delete.topic.enable'))
  const records: MetadataRecord[] = []
  const responses: TopicReply[] = []
  const deleted = new Set<string>()
  for (const topic of asked) {
    const times = counts.get(keyOf(topic))
    if (times === undefined) continue
    counts.delete(keyOf(topic))
    const found = enabled ? findTopic(image, topic, times) : deletionDisabled
    if (!('partitions' in found)) {
      responses.push({ name: topic.name, topicId: topic.topicId, ...found })
      continue
    }
    if (deleted.has(found.id)) {
      const text = 'The provided topic name maps to an ID that was already supplied.'
      responses.push({ name: topic.name, topicId: topic.topicId, ...invalidRequest(text) })
      continue
    }
    deleted.add(found.id)
    records.push({ type: 'RemoveTopicRecord', value: { topicId: found.id } })
    responses.push({ name: found.name, topicId: found.id, errorCode: 0, errorMessage: null })
  }
  return { records, reply: { throttleTimeMs: 0, responses } }
}

function keyOf(topic: Asked): string {
  return `${topic.topicId}/${topic.name ?? ''}`
}

const deletionDisabled: Problem = {
  errorCode: errorCode.TOPIC_DELETION_DISABLED,
  errorMessage: 'Topic deletion is disabled.',
}

function invalidRequest(errorMessage: string): Problem {
  return { errorCode: errorCode.INVALID_REQUEST, errorMessage }
}

function findTopic(image: MetadataImage, { name, topicId }: Asked, times: number): TopicImage | Problem {
  const byId = topicId !== ZERO_UUID
  if (name === null && !byId) return invalidRequest('Neither topic name nor id were specified.')
  if (name !== null && byId) return invalidRequest('You may not specify both topic name and topic id.')
  if (times > 1) return invalidRequest(byId ? 'Duplicate topic id.' : 'Duplicate topic name.')
  const topic = name === null ? image.topics.get(topicId) : topicByName(image, name)
  if (topic !== undefined) return topic
  return byId
    ? { errorCode: errorCode.UNKNOWN_TOPIC_ID, errorMessage: 'This server does not host this topic ID.' }
    : {
        errorCode: errorCode.UNKNOWN_TOPIC_OR_PARTITION,
        errorMessage: 'This server does not host this topic-partition.',
      }
}
