/**
 * Heartbeat, versions 0–4: a member is alive, and learns whether it must join again.
 */
import { errorCode } from '../../../protocol/errors.ts'
import { heartbeatAnswer } from '../answers.ts'
import type { GroupsContext, GroupsDecision, HeartbeatCommand } from '../decision.ts'
import { memberOf } from '../membership.ts'
import type { GroupsState } from '../state.ts'
import { answered, finished, renewSession, workOn } from '../work.ts'

export function decideHeartbeat(
  state: GroupsState,
  command: HeartbeatCommand,
  context: GroupsContext,
): GroupsDecision {
  const { request, token } = command
  const refused = (code: number) => answered({ token, api: 'heartbeat', body: heartbeatAnswer(code) })
  if (request.groupId === '') return refused(errorCode.INVALID_GROUP_ID)
  const group = state.groups.get(request.groupId)
  const member = memberOf(group, request.memberId, request.groupInstanceId)
  if (group === undefined || typeof member === 'number') {
    return refused(typeof member === 'number' ? member : errorCode.UNKNOWN_MEMBER_ID)
  }
  if (request.generationId !== group.generation) return refused(errorCode.ILLEGAL_GENERATION)
  if (group.phase === 'Empty') return refused(errorCode.UNKNOWN_MEMBER_ID)
  const work = workOn(group, context)
  // While a request of its own waits here, its session stands still.
  if (member.joining === null && member.syncing === null) renewSession(work, member)
  const code = group.phase === 'PreparingRebalance' ? errorCode.REBALANCE_IN_PROGRESS : 0
  work.replies.push({ token, api: 'heartbeat', body: heartbeatAnswer(code) })
  return finished(work, group)
}
