/** Heartbeat (12), versions 0–4: the member lives, and hears whether a rebalance wants it. */
import { heartbeat } from '../../protocol/messages/heartbeat.ts'
import { replyBody } from '../groups/group-coordinators.ts'
import { serve } from '../handler.ts'

export const heartbeatHandler = serve(heartbeat, (request, call) => {
  call.broker.groups.request(
    request.groupId,
    (token) => ({ type: 'heartbeat', token, apiVersion: call.apiVersion, request }),
    (reply) => call.reply(replyBody(reply, 'heartbeat')),
  )
})
