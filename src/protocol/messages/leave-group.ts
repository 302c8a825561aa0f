/**
 * LeaveGroup (13): takes members out of a classic group; several at once since 3 (KIP-345).
 */
import { array, type Input, int16, int32, string, struct, type Value } from '../schema/field.ts'
import { api } from '../schema/message.ts'

export const leaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexibleSince: 4,
  listeners: ['broker'],
  request: {
    groupId: string(),
    memberId: string({ until: 2 }),
    members: array(
      struct({
        memberId: string({ since: 3 }),
        groupInstanceId: string({ since: 3, nullable: true, default: null }),
        reason: string({ since: 5, nullable: true, default: null, ignorable: true }),
      }),
      { since: 3 },
    ),
  },
  response: {
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16(),
    members: array(
      struct({
        memberId: string({ since: 3 }),
        groupInstanceId: string({ since: 3, nullable: true }),
        errorCode: int16({ since: 3 }),
      }),
      { since: 3 },
    ),
  },
})

export type LeaveGroupRequest = Value<typeof leaveGroup.request>
export type LeaveGroupRequestInput = Input<typeof leaveGroup.request>
export type LeaveGroupResponse = Value<typeof leaveGroup.response>
export type LeaveGroupResponseInput = Input<typeof leaveGroup.response>
