/**
 * What goes wrong for a client, in one error type: a code to act on, a message that says what to do.
 *
 * `retriable` means that the same call may succeed later. Codes are Kafka's names for what a broker answered,
 * and our own for what happened before an answer.
 */
import { type ErrorName, errorName, isRetriable } from '../protocol/errors.ts'

export type ClientErrorCode =
  | ErrorName
  | 'CONNECTION_FAILED'
  | 'CONNECTION_LOST'
  | 'TIMED_OUT'
  | 'UNSUPPORTED'
  | 'BAD_ANSWER'
  | 'CLOSED'

export class ClientError extends Error {
  readonly code: ClientErrorCode
  readonly retriable: boolean
  constructor(code: ClientErrorCode, message: string, retriable: boolean) {
    super(message)
    this.name = 'ClientError'
    this.code = code
    this.retriable = retriable
  }
}

/** What a code means to the person who reads it, where the name alone does not tell. */
const HINTS: Partial<Record<ErrorName, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'the topic or partition does not exist',
  TOPIC_ALREADY_EXISTS: 'a topic of that name exists already',
  INVALID_TOPIC_EXCEPTION: 'that is not a legal topic name',
  GROUP_ID_NOT_FOUND: 'no group of that name exists',
  NON_EMPTY_GROUP: 'the group has members; stop its consumers first',
  UNKNOWN_MEMBER_ID: 'the group does not know this member; it has active members or has moved on',
  OFFSET_OUT_OF_RANGE: 'the offset is before the first or after the last record',
  MESSAGE_TOO_LARGE: 'the batch is larger than max.message.bytes of the topic',
  KAFKA_STORAGE_ERROR: "the broker's disk failed or is full",
  NOT_ENOUGH_REPLICAS: 'too few replicas are in sync',
  TOPIC_AUTHORIZATION_FAILED: 'not allowed on that topic',
  INVALID_REPLICATION_FACTOR: 'more replicas are asked for than there are brokers',
}

/** The error for a code that a broker answered about `subject`; the broker's own words win. */
export function answeredError(code: number, subject: string, message?: string | null): ClientError {
  const name = errorName(code)
  const text = message === null || message === undefined || message === '' ? (HINTS[name] ?? name) : message
  return new ClientError(name, `${subject}: ${text}`, isRetriable(code))
}
