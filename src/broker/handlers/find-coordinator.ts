/**
 * FindCoordinator (10), versions 0–6: the node that leads the group's partition of `__consumer_offsets`, which
 * is made when the first client asks.
 *
 * Not done: transactions (type 1) and share groups (type 2); their coordinators do not exist yet, which is
 * answered with 15.
 */
import {
  coordinatorKind,
  findCoordinator as find,
} from '../../coordination/groups/describe/find-coordinator.ts'
import {
  type FindCoordinatorRequest,
  type FindCoordinatorResponseInput,
  findCoordinator,
} from '../../protocol/messages/find-coordinator.ts'
import { clientView } from '../client-view.ts'
import { answerLater, type Call, serve } from '../handler.ts'

async function answer(
  request: FindCoordinatorRequest,
  call: Call<FindCoordinatorResponseInput>,
): Promise<FindCoordinatorResponseInput> {
  if (request.keyType === coordinatorKind.group) await call.broker.groups.ensureTopic()
  return find(call.broker.quorum.image, request, call.apiVersion, clientView(call))
}

export const findCoordinatorHandler = serve(findCoordinator, (request, call) => {
  answerLater(call, answer(request, call))
})
