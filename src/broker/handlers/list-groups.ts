/** ListGroups (16), versions 0–5: the groups that this broker coordinates, by state and type if asked. */
import { listGroups as list } from '../../coordination/groups/describe/list-groups.ts'
import { errorCode } from '../../protocol/errors.ts'
import { listGroups } from '../../protocol/messages/list-groups.ts'
import { serve } from '../handler.ts'

export const listGroupsHandler = serve(listGroups, (request, call) => {
  const coordinators = [...call.broker.groups.all()]
  const loading = coordinators.some((coordinator) => coordinator.phase === 'loading')
  call.reply({
    throttleTimeMs: 0,
    errorCode: loading ? errorCode.COORDINATOR_LOAD_IN_PROGRESS : 0,
    groups: coordinators.flatMap((coordinator) => list(coordinator.state, request)),
  })
})
