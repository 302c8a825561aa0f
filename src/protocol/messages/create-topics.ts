/**
 * CreateTopics (19): creates topics with partitions, replicas and configs. Tells what was made since 5 (KIP-525).
 */
import {
  array,
  bool,
  type Input,
  int8,
  int16,
  int32,
  string,
  struct,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const createTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 7],
  flexibleSince: 5,
  listeners: ['broker', 'controller'],
  request: {
    topics: array(
      struct({
        name: string(),
        numPartitions: int32(),
        replicationFactor: int16(),
        assignments: array(struct({ partitionIndex: int32(), brokerIds: array(int32()) })),
        configs: array(struct({ name: string(), value: string({ nullable: true }) })),
      }),
    ),
    timeoutMs: int32({ default: 60000 }),
    validateOnly: bool({ default: false }),
  },
  response: {
    throttleTimeMs: int32({ ignorable: true }),
    topics: array(
      struct({
        name: string(),
        topicId: uuid({ since: 7, ignorable: true }),
        errorCode: int16(),
        errorMessage: string({ nullable: true, ignorable: true }),
        topicConfigErrorCode: int16({ since: 5, tag: 0, ignorable: true }),
        numPartitions: int32({ since: 5, default: -1, ignorable: true }),
        replicationFactor: int16({ since: 5, default: -1, ignorable: true }),
        configs: array(
          struct({
            name: string({ since: 5 }),
            value: string({ since: 5, nullable: true }),
            readOnly: bool({ since: 5 }),
            configSource: int8({ since: 5, default: -1, ignorable: true }),
            isSensitive: bool({ since: 5 }),
          }),
          { since: 5, nullable: true, ignorable: true },
        ),
      }),
    ),
  },
})

export type CreateTopicsRequest = Value<typeof createTopics.request>
export type CreateTopicsRequestInput = Input<typeof createTopics.request>
export type CreateTopicsResponse = Value<typeof createTopics.response>
export type CreateTopicsResponseInput = Input<typeof createTopics.response>
