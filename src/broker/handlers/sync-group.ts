/** SyncGroup (14), versions 0–5: parked until the leader has brought the assignment. */
import { syncGroup } from '../../protocol/messages/sync-group.ts'
import { replyBody } from '../groups/group-coordinators.ts'
import { serve } from '../handler.ts'

export const syncGroupHandler = serve(syncGroup, (request, call) => {
  call.broker.groups.request(
    request.groupId,
    (token) => ({ type: 'sync-group', token, apiVersion: call.apiVersion, request }),
    (reply) => call.reply(replyBody(reply, 'sync-group')),
  )
})
