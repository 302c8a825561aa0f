/**
 * ConsumerGroupHeartbeat (68): joins, keeps and leaves a consumer group with server-side assignment (KIP-848).
 */
import { array, type Input, int16, int32, string, struct, uuid, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

const topicPartitions = struct({ topicId: uuid(), partitions: array(int32()) })

export const consumerGroupHeartbeat = api({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    instanceId: string({ nullable: true, default: null }),
    rackId: string({ nullable: true, default: null }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    subscribedTopicNames: array(string(), { nullable: true, default: null }),
    subscribedTopicRegex: string({ since: 1, nullable: true, default: null }),
    serverAssignor: string({ nullable: true, default: null }),
    topicPartitions: array(struct({ topicId: uuid(), partitions: array(int32()) }), {
      nullable: true,
      default: null,
    }),
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

export type ConsumerGroupHeartbeatRequest = Value<typeof consumerGroupHeartbeat.request>
export type ConsumerGroupHeartbeatRequestInput = Input<typeof consumerGroupHeartbeat.request>
export type ConsumerGroupHeartbeatResponse = Value<typeof consumerGroupHeartbeat.response>
export type ConsumerGroupHeartbeatResponseInput = Input<typeof consumerGroupHeartbeat.response>
