/** OffsetDelete (47), version 0: forgets committed offsets that no member subscribes to (KIP-496). */
import { offsetDelete } from '../../protocol/messages/offset-delete.ts'
import { replyBody } from '../groups/group-coordinators.ts'
import { serve } from '../handler.ts'

export const offsetDeleteHandler = serve(offsetDelete, (request, call) => {
  call.broker.groups.request(
    request.groupId,
    (token) => ({ type: 'offset-delete', token, apiVersion: call.apiVersion, request }),
    (reply) => call.reply(replyBody(reply, 'offset-delete')),
  )
})
