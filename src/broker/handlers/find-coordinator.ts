/**
 * FindCoordinator (10), versions 0–6: the node that leads the group's partition of `__consumer_offsets`, which
 * is made when the first client asks.
 *
 * An answer that names a node whose connection has just broken waits a moment for its successor (`leader-doubts.ts`).
 * Not done: transactions (type 1) and share groups (type 2); their coordinators do not exist yet, which is
 * answered with 15.
 */
import {
  coordinatorKind,
  findCoordinator as find,
} from '../../coordination/groups/describe/find-coordinator.ts'
import {
  type FindCoordinatorResponseInput,
  findCoordinator,
} from '../../protocol/messages/find-coordinator.ts'
import { clientView } from '../client-view.ts'
import { goOnLater, serve } from '../handler.ts'

const NOBODY = -1

function* coordinatorsIn(answer: FindCoordinatorResponseInput): Generator<number, void, void> {
  yield answer.nodeId ?? NOBODY
  for (const { nodeId } of answer.coordinators ?? []) yield nodeId ?? NOBODY
}

export const findCoordinatorHandler = serve(findCoordinator, (request, call) => {
  const { broker, apiVersion } = call
  const told = (): void => {
    const answer = (): FindCoordinatorResponseInput =>
      find(broker.quorum.image, request, apiVersion, clientView(call))
    broker.leaderDoubts.reply(call, answer, coordinatorsIn)
  }
  if (request.keyType === coordinatorKind.group) goOnLater(call, broker.groups.ensureTopic(), told)
  else told()
})
