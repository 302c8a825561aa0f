/** DescribeGroups (15), versions 0–6: classic groups with their members, each from its own coordinator. */
import { describeGroup, refusedDescription } from '../../coordination/groups/describe/describe-groups.ts'
import { describeGroups } from '../../protocol/messages/describe-groups.ts'
import { allOperations } from '../client-view.ts'
import { serve } from '../handler.ts'

export const describeGroupsHandler = serve(describeGroups, (request, call) => {
  const operations = request.includeAuthorizedOperations ? allOperations.group : null
  call.reply({
    throttleTimeMs: 0,
    groups: request.groups.map((groupId) => {
      const coordinator = call.broker.groups.of(groupId)
      const unavailable = typeof coordinator === 'number' ? coordinator : coordinator.unavailableCode
      if (typeof coordinator === 'number' || unavailable !== 0)
        return refusedDescription(groupId, unavailable)
      return describeGroup(coordinator.state, groupId, call.apiVersion, operations)
    }),
  })
})
