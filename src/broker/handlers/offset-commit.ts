/** OffsetCommit (8), versions 2–10: a group's positions, answered when they are durable. By topic id from 10. */
import { offsetCommit } from '../../protocol/messages/offset-commit.ts'
import { replyBody } from '../groups/group-coordinators.ts'
import { serve } from '../handler.ts'

export const offsetCommitHandler = serve(offsetCommit, (request, call) => {
  call.broker.groups.request(
    request.groupId,
    (token) => ({ type: 'offset-commit', token, apiVersion: call.apiVersion, request }),
    (reply) => call.reply(replyBody(reply, 'offset-commit')),
  )
})
