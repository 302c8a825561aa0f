/**
 * ShareAcknowledge (79): acknowledges records of a share group (KIP-932).
 */
import {
  array,
  bool,
  type Input,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uuid,
  type Value,
} from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const shareAcknowledge = api({
  key: 79,
  name: 'ShareAcknowledge',
  versions: [1, 2],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string({ nullable: true, default: null }),
    memberId: string({ nullable: true }),
    shareSessionEpoch: int32(),
    isRenewAck: bool({ since: 2, default: false }),
    topics: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            acknowledgementBatches: array(
              struct({ firstOffset: int64(), lastOffset: int64(), acknowledgeTypes: array(int8()) }),
            ),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    acquisitionLockTimeoutMs: int32({ since: 2, ignorable: true }),
    responses: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: true, default: null }),
            currentLeader: struct({ leaderId: int32(), leaderEpoch: int32() }),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({
        nodeId: int32(),
        host: string(),
        port: int32(),
        rack: string({ nullable: true, default: null }),
      }),
    ),
  },
})

export type ShareAcknowledgeRequest = Value<typeof shareAcknowledge.request>
export type ShareAcknowledgeRequestInput = Input<typeof shareAcknowledge.request>
export type ShareAcknowledgeResponse = Value<typeof shareAcknowledge.response>
export type ShareAcknowledgeResponseInput = Input<typeof shareAcknowledge.response>
