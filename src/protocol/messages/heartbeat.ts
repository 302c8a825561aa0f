/**
 * Heartbeat (12): keeps a member of a classic group alive, and tells it of rebalances.
 */
import { type Input, int16, int32, string, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleSince: 4,
  listeners: ['broker'],
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ since: 3, nullable: true, default: null }),
  },
  response: { throttleTimeMs: int32({ since: 1, ignorable: true }), errorCode: int16() },
})

export type HeartbeatRequest = Value<typeof heartbeat.request>
export type HeartbeatRequestInput = Input<typeof heartbeat.request>
export type HeartbeatResponse = Value<typeof heartbeat.response>
export type HeartbeatResponseInput = Input<typeof heartbeat.response>
