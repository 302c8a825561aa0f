/**
 * Where requests name their topics, and answers tell of them: so that one of several can be struck.
 *
 * A topic stands there by name or, in newer versions, by id. It takes lists apart and puts them together, and decides nothing.
 */
import type { ApiName } from './refusals.ts'

interface TopicLists {
  /** Fields of the request. */
  readonly asked: readonly string[]
  /** Field of the answer. */
  readonly answered: string
}

const topicsInTopics: TopicLists = { asked: ['topics'], answered: 'topics' }

export const topicLists = {
  Produce: { asked: ['topicData'], answered: 'responses' },
  Fetch: { asked: ['topics'], answered: 'responses' },
  ListOffsets: topicsInTopics,
  Metadata: topicsInTopics,
  OffsetCommit: topicsInTopics,
  OffsetDelete: topicsInTopics,
  OffsetForLeaderEpoch: topicsInTopics,
  DeleteRecords: topicsInTopics,
  CreateTopics: topicsInTopics,
  CreatePartitions: { asked: ['topics'], answered: 'results' },
  DeleteTopics: { asked: ['topics', 'topicNames'], answered: 'responses' },
  DescribeTopicPartitions: topicsInTopics,
} satisfies Partial<Record<ApiName, TopicLists>>

/** APIs whose faults may be bound to a topic. */
export type TopicApiName = keyof typeof topicLists

/** The name of a topic by its id. */
export type NameOf = (topicId: string) => string | undefined

type Body = Readonly<Record<string, unknown>>

export function hasTopics(api: ApiName): api is TopicApiName {
  return Object.hasOwn(topicLists, api)
}

function listIn(body: unknown, field: string): readonly unknown[] {
  const list = (body as Body)[field]
  return Array.isArray(list) ? list : []
}

function nameIn(entry: unknown, nameOf: NameOf): string | undefined {
  if (typeof entry === 'string') return entry
  const { name, topic, topicId } = entry as { name?: unknown; topic?: unknown; topicId?: unknown }
  for (const text of [name, topic]) if (typeof text === 'string' && text !== '') return text
  return typeof topicId === 'string' ? nameOf(topicId) : undefined
}

/** The topics that a request names. */
export function askedTopics(api: TopicApiName, request: unknown, nameOf: NameOf): string[] {
  const entries = topicLists[api].asked.flatMap((field) => listIn(request, field))
  return entries.flatMap((entry) => nameIn(entry, nameOf) ?? [])
}

/** The same request with only those topics of its own. */
export function requestWith(
  api: TopicApiName,
  request: unknown,
  nameOf: NameOf,
  keeps: (topic: string | undefined) => boolean,
): Body {
  const lists = topicLists[api].asked.map((field) => [
    field,
    listIn(request, field).filter((entry) => keeps(nameIn(entry, nameOf))),
  ])
  return { ...(request as Body), ...Object.fromEntries(lists) }
}

/** The topics that an answer tells of, as a request would name them. */
export function answeredTopics(api: TopicApiName, answer: unknown): readonly unknown[] {
  return listIn(answer, topicLists[api].answered)
}

/** An answer with what `refused` says of some topics in the place of what it says itself. */
export function answerWith(
  api: TopicApiName,
  answer: unknown,
  refused: unknown,
  nameOf: NameOf,
  isStruck: (topic: string | undefined) => boolean,
): Body {
  const { answered } = topicLists[api]
  const unharmed = listIn(answer, answered).filter((entry) => !isStruck(nameIn(entry, nameOf)))
  return { ...(answer as Body), [answered]: [...unharmed, ...listIn(refused, answered)] }
}
