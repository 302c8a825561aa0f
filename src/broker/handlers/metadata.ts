/**
 * Metadata (3), versions 0–13: brokers, topics and leaders, as the client's listener shows them.
 *
 * A topic that is missing and may be created on first use is created inside this very request, and answered
 * with its leader at once: Kafka answers 3, which kafkajs does not retry (observed 5). An invalid name is
 * answered with 17, an unknown id with 100. An answer that names a leader whose connection has just broken waits a moment
 * for its successor (`leader-doubts.ts`).
 */
import { asksByIdTooEarly, describeMetadata } from '../../coordination/metadata/describe/describe-metadata.ts'
import { isInternalTopic, topicNameProblem } from '../../coordination/metadata/topic-name.ts'
import { errorCode } from '../../protocol/errors.ts'
import {
  type MetadataRequest,
  type MetadataResponseInput,
  metadata,
} from '../../protocol/messages/metadata.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { clientView } from '../client-view.ts'
import { answerLater, type Call, serve } from '../handler.ts'
import { createMissingTopics, offsetsTopic, type WantedTopic } from '../topic-creation.ts'

/** Names that are asked for, do not exist, and may be made. */
function missingTopics(request: MetadataRequest, call: Call<MetadataResponseInput>): WantedTopic[] {
  const { broker } = call
  if (!request.allowAutoTopicCreation || request.topics === null) return []
  if (asksByIdTooEarly(request, call.apiVersion)) return []
  if (!broker.settings.boolean('auto.create.topics.enable')) return []
  const wanted = new Map<string, WantedTopic>()
  for (const { name, topicId } of request.topics) {
    if (
      name === null ||
      topicId !== ZERO_UUID ||
      name === '' ||
      broker.quorum.image.topicIds.has(name) ||
      topicNameProblem(name) !== undefined
    )
      continue
    if (name === '__consumer_offsets') wanted.set(name, offsetsTopic(broker))
    else if (!isInternalTopic(name))
      wanted.set(name, { name, partitions: -1, replicationFactor: -1, configs: {} })
  }
  return [...wanted.values()]
}

function describe(request: MetadataRequest, call: Call<MetadataResponseInput>): MetadataResponseInput {
  return describeMetadata(call.broker.quorum.image, request, call.apiVersion, clientView(call))
}

function* leadersIn({ topics }: MetadataResponseInput): Generator<number, void, void> {
  for (const topic of topics) for (const { leaderId } of topic.partitions ?? []) yield leaderId
}

async function createAndDescribe(
  request: MetadataRequest,
  missing: readonly WantedTopic[],
  call: Call<MetadataResponseInput>,
): Promise<MetadataResponseInput> {
  const failures = await createMissingTopics(call.broker, missing)
  const body = describe(request, call)
  if (failures.size === 0) return body
  // A retriable code: the next request may find that the topic can be made.
  const topics = body.topics.map((topic) =>
    topic.name !== null &&
    failures.has(topic.name) &&
    topic.errorCode === errorCode.UNKNOWN_TOPIC_OR_PARTITION
      ? {
          ...topic,
          errorCode:
            failures.get(topic.name) === errorCode.INVALID_REPLICATION_FACTOR
              ? errorCode.LEADER_NOT_AVAILABLE
              : (failures.get(topic.name) ?? 0),
        }
      : topic,
  )
  return { ...body, topics }
}

export const metadataHandler = serve(metadata, (request, call) => {
  const missing = missingTopics(request, call)
  if (missing.length > 0) {
    answerLater(call, createAndDescribe(request, missing, call))
    return
  }
  const { leaderDoubts } = call.broker
  const body = (): MetadataResponseInput => describe(request, call)
  if (request.topics === null || request.topics.length === 0) leaderDoubts.reply(call, body, leadersIn)
  else
    leaderDoubts.replyAbout(
      request.topics.map(({ name }) => name),
      call,
      body,
      leadersIn,
    )
})
