/**
 * LeaveGroup, versions 0–5: members go, and those who stay share anew.
 *
 * From version 3 on several can be sent away at once, each with an error of its own, static ones by their instance id
 * alone (KIP-345). Up to version 2 the one error is the answer's.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type { LeaveGroupResponseInput } from '../../../protocol/messages/leave-group.ts'
import type { GroupsContext, GroupsDecision, LeaveGroupCommand } from '../decision.ts'
import { timerKey } from '../decision.ts'
import { memberOf } from '../membership.ts'
import { rebalanceAfterRemoval, removeMember } from '../rebalance.ts'
import type { GroupsState } from '../state.ts'
import { answered, cancelTimer, finished, type GroupWork, workOn } from '../work.ts'

/** First version whose members have errors of their own. */
const ERRORS_BY_MEMBER = 3

interface Leaving {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export function decideLeaveGroup(
  state: GroupsState,
  command: LeaveGroupCommand,
  context: GroupsContext,
): GroupsDecision {
  const { request, token, apiVersion } = command
  if (request.groupId === '') {
    const body = { throttleTimeMs: 0, errorCode: errorCode.INVALID_GROUP_ID, members: [] }
    return answered({ token, api: 'leave-group', body })
  }
  const leaving: readonly Leaving[] =
    apiVersion < ERRORS_BY_MEMBER ? [{ memberId: request.memberId, groupInstanceId: null }] : request.members
  const group = state.groups.get(request.groupId)
  if (group === undefined) {
    const codes = leaving.map(() => errorCode.UNKNOWN_MEMBER_ID)
    return answered({ token, api: 'leave-group', body: answer(leaving, codes, apiVersion) })
  }
  const work = workOn(group, context)
  const codes = leaving.map((member) => leave(work, member))
  if (codes.includes(0)) rebalanceAfterRemoval(work)
  work.replies.push({ token, api: 'leave-group', body: answer(leaving, codes, apiVersion) })
  return finished(work, group)
}

function leave(work: GroupWork, { memberId, groupInstanceId }: Leaving): number {
  const { group } = work
  if (group.pendingMembers.has(memberId)) {
    if (groupInstanceId !== null) return errorCode.UNKNOWN_MEMBER_ID
    cancelTimer(work, timerKey.session(group.id, memberId))
    work.group = { ...group, pendingMembers: group.pendingMembers.without(memberId) }
    return 0
  }
  const byInstance = memberId === '' && groupInstanceId !== null
  const id = byInstance ? (group.instances.get(groupInstanceId) ?? '') : memberId
  const member = memberOf(group, id, groupInstanceId)
  if (typeof member === 'number') return member
  removeMember(work, member, errorCode.UNKNOWN_MEMBER_ID)
  return 0
}

function answer(
  leaving: readonly Leaving[],
  codes: readonly number[],
  apiVersion: number,
): LeaveGroupResponseInput {
  if (apiVersion < ERRORS_BY_MEMBER) return { throttleTimeMs: 0, errorCode: codes[0] ?? 0, members: [] }
  const members = leaving.map(({ memberId, groupInstanceId }, index) => ({
    memberId,
    groupInstanceId,
    errorCode: codes[index] ?? 0,
  }))
  return { throttleTimeMs: 0, errorCode: 0, members }
}
