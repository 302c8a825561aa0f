/**
 * ShareGroupHeartbeat (76): joins, keeps and leaves a share group (KIP-932).
 */
import { array, type Input, int16, int32, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

const topicPartitions = struct({ topicId: uuid(), partitions: array(int32()) })

export const shareGroupHeartbeat = api({
  key: 76,
  name: 'ShareGroupHeartbeat',
  versions: [1, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    rackId: string({ nullable: true, default: null }),
    subscribedTopicNames: array(string(), { nullable: true, default: null }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    memberId: string({ nullable: true, default: null }),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    assignment: struct({ topicPartitions: array(topicPartitions) }, { nullable: true, default: null }),
  },
})

export type ShareGroupHeartbeatRequest = Value<typeof shareGroupHeartbeat.request>
export type ShareGroupHeartbeatRequestInput = Input<typeof shareGroupHeartbeat.request>
export type ShareGroupHeartbeatResponse = Value<typeof shareGroupHeartbeat.response>
export type ShareGroupHeartbeatResponseInput = Input<typeof shareGroupHeartbeat.response>
