/**
 * Makes topics that nobody asked for by name of a request: on first use, and the internal ones.
 *
 * A topic is usable when the promise is there: recorded, its logs open, its leader known. Several callers
 * that want the same topic at once get the same one.
 */
import { errorCode } from '../protocol/errors.ts'
import { type CreateTopicsRequest, createTopics } from '../protocol/messages/create-topics.ts'
import { createTopicsCommand } from './handlers/create-topics.ts'
import type { BrokerServices } from './services.ts'

export interface WantedTopic {
  readonly name: string
  /** -1: the broker's default. */
  readonly partitions: number
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
}

/** Creates what is missing; the answer tells the error code of each topic that could not be made. */
export async function createMissingTopics(
  broker: BrokerServices,
  wanted: readonly WantedTopic[],
): Promise<ReadonlyMap<string, number>> {
  const request: CreateTopicsRequest = {
    topics: wanted.map((topic) => ({
      name: topic.name,
      numPartitions: topic.partitions,
      replicationFactor: topic.replicationFactor,
      assignments: [],
      configs: Object.entries(topic.configs).map(([name, value]) => ({ name, value })),
    })),
    timeoutMs: 30_000,
    validateOnly: false,
  }
  const failures = new Map<string, number>()
  const reply = await broker.controller.call(createTopicsCommand, createTopics.versions.max, request)
  for (const { name, errorCode: code } of reply.topics) {
    if (code === 0 || code === errorCode.TOPIC_ALREADY_EXISTS) continue
    // No room, or nobody to ask: a client tries such a topic again.
    const mayComeLater = code === errorCode.KAFKA_STORAGE_ERROR || code === errorCode.REQUEST_TIMED_OUT
    failures.set(name, mayComeLater ? errorCode.LEADER_NOT_AVAILABLE : code)
  }
  return failures
}

/** `__consumer_offsets` as Kafka makes it, with as many replicas as there can be. */
export function offsetsTopic(broker: BrokerServices): WantedTopic {
  const { settings, quorum } = broker
  return {
    name: '__consumer_offsets',
    partitions: settings.number('offsets.topic.num.partitions'),
    replicationFactor: Math.min(
      settings.number('offsets.topic.replication.factor'),
      Math.max(1, quorum.image.brokers.size),
    ),
    configs: {
      'cleanup.policy': 'compact',
      'segment.bytes': String(settings.number('offsets.topic.segment.bytes')),
      'compression.type': 'producer',
    },
  }
}
