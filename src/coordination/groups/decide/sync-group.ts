/**
 * SyncGroup, versions 0–5: the leader brings the assignment, the others wait for it.
 *
 * The assignment is in the log before anybody learns of it. A member that asks again in a stable group gets its part
 * again.
 */
import { errorCode } from '../../../protocol/errors.ts'
import { syncGroupAnswer, syncGroupRefusal } from '../answers.ts'
import { type ClassicGroup, type Member, noBytes, withMember } from '../classic-group.ts'
import { type GroupsContext, type GroupsDecision, type SyncGroupCommand, timerKey } from '../decision.ts'
import { memberOf } from '../membership.ts'
import type { GroupsState } from '../state.ts'
import {
  answered,
  cancelTimer,
  finished,
  type GroupWork,
  keepGroup,
  renewSession,
  suspendSession,
  workOn,
} from '../work.ts'

/** First version that must name protocol type and protocol (KIP-559). */
const NAMES_PROTOCOL = 5

export function decideSyncGroup(
  state: GroupsState,
  command: SyncGroupCommand,
  context: GroupsContext,
): GroupsDecision {
  const { request } = command
  if (request.groupId === '') return refused(command, errorCode.INVALID_GROUP_ID)
  if (
    command.apiVersion >= NAMES_PROTOCOL &&
    (request.protocolType === null || request.protocolName === null)
  ) {
    return refused(command, errorCode.INCONSISTENT_GROUP_PROTOCOL)
  }
  const group = state.groups.get(request.groupId)
  const member = memberOf(group, request.memberId, request.groupInstanceId)
  if (group === undefined || typeof member === 'number') {
    return refused(command, typeof member === 'number' ? member : errorCode.UNKNOWN_MEMBER_ID)
  }
  const mismatch = mismatchCode(group, command)
  if (mismatch !== 0) return refused(command, mismatch)
  switch (group.phase) {
    case 'Empty':
      return refused(command, errorCode.UNKNOWN_MEMBER_ID)
    case 'PreparingRebalance':
      return refused(command, errorCode.REBALANCE_IN_PROGRESS)
    case 'CompletingRebalance':
      return syncing(group, member, command, context)
    case 'Stable':
      return assignedAgain(group, member, command, context)
  }
}

function refused(command: SyncGroupCommand, code: number): GroupsDecision {
  return answered({ token: command.token, api: 'sync-group', body: syncGroupRefusal(code) })
}

function mismatchCode(group: ClassicGroup, { request }: SyncGroupCommand): number {
  if (request.generationId !== group.generation) return errorCode.ILLEGAL_GENERATION
  const otherType = request.protocolType !== null && request.protocolType !== group.protocolType
  const otherName = request.protocolName !== null && request.protocolName !== group.protocolName
  return otherType || otherName ? errorCode.INCONSISTENT_GROUP_PROTOCOL : 0
}

function syncing(
  group: ClassicGroup,
  member: Member,
  command: SyncGroupCommand,
  context: GroupsContext,
): GroupsDecision {
  const work = workOn(group, context)
  // One that waits already is from before its client gave up on it.
  if (member.syncing !== null) {
    const body = syncGroupRefusal(errorCode.REBALANCE_IN_PROGRESS)
    work.replies.push({ token: member.syncing.token, api: 'sync-group', body })
  }
  const { token, apiVersion } = command
  work.group = withMember(work.group, { ...member, syncing: { token, apiVersion }, hasSynced: true })
  suspendSession(work, member.id)
  if (group.leaderId === member.id) assign(work, command)
  endSyncPhaseIfAllSynced(work)
  return finished(work, group)
}

/** The leader has spoken: everybody gets what it says, or nothing where it says nothing. */
function assign(work: GroupWork, { request }: SyncGroupCommand): void {
  const assignments = new Map(request.assignments.map((part) => [part.memberId, part.assignment]))
  work.group = { ...work.group, phase: 'Stable' }
  for (const member of work.group.members.values()) {
    const assigned = { ...member, assignment: assignments.get(member.id) ?? noBytes, syncing: null }
    if (member.syncing !== null) {
      const body = syncGroupAnswer(work.group, assigned)
      work.replies.push({ token: member.syncing.token, api: 'sync-group', body })
      renewSession(work, assigned)
    }
    work.group = withMember(work.group, assigned)
  }
  keepGroup(work)
}

function assignedAgain(
  group: ClassicGroup,
  member: Member,
  command: SyncGroupCommand,
  context: GroupsContext,
): GroupsDecision {
  const work = workOn(group, context)
  if (!member.hasSynced) work.group = withMember(work.group, { ...member, hasSynced: true })
  renewSession(work, member)
  work.replies.push({ token: command.token, api: 'sync-group', body: syncGroupAnswer(group, member) })
  endSyncPhaseIfAllSynced(work)
  return finished(work, group)
}

function endSyncPhaseIfAllSynced(work: GroupWork): void {
  for (const member of work.group.members.values()) if (!member.hasSynced) return
  cancelTimer(work, timerKey.sync(work.group.id))
}
