/** DeleteGroups (42), versions 0–3: each group at its own coordinator, the results in the order asked (KIP-229). */
import { type DeleteGroupsResponseInput, deleteGroups } from '../../protocol/messages/delete-groups.ts'
import { replyBody } from '../groups/group-coordinators.ts'
import { serve } from '../handler.ts'

type Result = DeleteGroupsResponseInput['results'][number]

export const deleteGroupsHandler = serve(deleteGroups, (request, call) => {
  const results = new Map<string, Result>()
  const groupIds = [...new Set(request.groupsNames)]
  const settled = (groupId: string, result: Result): void => {
    results.set(groupId, result)
    if (results.size === groupIds.length)
      call.reply({ throttleTimeMs: 0, results: groupIds.flatMap((id) => results.get(id) ?? []) })
  }
  if (groupIds.length === 0) call.reply({ throttleTimeMs: 0, results: [] })
  for (const groupId of groupIds) {
    call.broker.groups.request(
      groupId,
      (token) => ({ type: 'delete-groups', token, apiVersion: call.apiVersion, groupIds: [groupId] }),
      (reply) => settled(groupId, replyBody(reply, 'delete-groups').results[0] ?? { groupId, errorCode: 0 }),
    )
  }
})
