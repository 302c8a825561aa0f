/**
 * Error codes that a request's version did not know yet, as the ones that its clients act on rightly.
 *
 * A client that meets an unknown code gives up (kafkajs) or guesses; Kafka maps them the same way.
 */
import { errorCode } from '../protocol/errors.ts'
import { deleteTopics } from '../protocol/messages/delete-topics.ts'
import { fetch } from '../protocol/messages/fetch.ts'
import { produce } from '../protocol/messages/produce.ts'

interface Mapping {
  readonly apiKey: number
  readonly code: number
  /** First version that knows the code. */
  readonly since: number
  readonly before: number
}

const mappings: readonly Mapping[] = [
  // A failed disk looks to old clients like a leader that moved: they look for another and come back (KIP-112).
  {
    apiKey: produce.key,
    code: errorCode.KAFKA_STORAGE_ERROR,
    since: 5,
    before: errorCode.NOT_LEADER_OR_FOLLOWER,
  },
  {
    apiKey: fetch.key,
    code: errorCode.KAFKA_STORAGE_ERROR,
    since: 6,
    before: errorCode.NOT_LEADER_OR_FOLLOWER,
  },
  {
    apiKey: deleteTopics.key,
    code: errorCode.TOPIC_DELETION_DISABLED,
    since: 3,
    before: errorCode.INVALID_REQUEST,
  },
]

/** The code as that version of the API tells it. */
export function codeForVersion(apiKey: number, apiVersion: number, code: number): number {
  if (code === 0) return 0
  const mapping = mappings.find((one) => one.apiKey === apiKey && one.code === code && apiVersion < one.since)
  return mapping === undefined ? code : mapping.before
}
