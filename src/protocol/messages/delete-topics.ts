/**
 * DeleteTopics (20): deletes topics, by id since 6 (KIP-516).
 */
import { array, type Input, int16, int32, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const deleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexibleSince: 4,
  listeners: ['broker', 'controller'],
  request: {
    topics: array(
      struct({ name: string({ since: 6, nullable: true, default: null }), topicId: uuid({ since: 6 }) }),
      { since: 6 },
    ),
    topicNames: array(string(), { until: 5, ignorable: true }),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32({ ignorable: true }),
    responses: array(
      struct({
        name: string({ nullableSince: 6 }),
        topicId: uuid({ since: 6, ignorable: true }),
        errorCode: int16(),
        errorMessage: string({ since: 5, nullable: true, default: null, ignorable: true }),
      }),
    ),
  },
})

export type DeleteTopicsRequest = Value<typeof deleteTopics.request>
export type DeleteTopicsRequestInput = Input<typeof deleteTopics.request>
export type DeleteTopicsResponse = Value<typeof deleteTopics.response>
export type DeleteTopicsResponseInput = Input<typeof deleteTopics.response>
