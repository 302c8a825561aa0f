/** LeaveGroup (13), versions 0–5: members go at once, several in one request from version 3 on (KIP-345). */
import { leaveGroup } from '../../protocol/messages/leave-group.ts'
import { replyBody } from '../groups/group-coordinators.ts'
import { serve } from '../handler.ts'

export const leaveGroupHandler = serve(leaveGroup, (request, call) => {
  call.broker.groups.request(
    request.groupId,
    (token) => ({ type: 'leave-group', token, apiVersion: call.apiVersion, request }),
    (reply) => call.reply(replyBody(reply, 'leave-group')),
  )
})
