/**
 * JoinGroup, versions 0–9: a member comes in or comes again, and waits for the rebalance that this may begin.
 *
 * From version 4 on a dynamic member is first given its id (KIP-394); it joins with it. A static member that comes back
 * takes its old place without a rebalance where the strategy stays (KIP-345, KIP-814). A member that tells the same as
 * before is answered with the present generation.
 */
import { errorCode } from '../../../protocol/errors.ts'
import { coordinationLimits } from '../../limits.ts'
import { joinGroupAnswer, joinGroupRefusal, memberList } from '../answers.ts'
import {
  type ClassicGroup,
  hasSameProtocols,
  type Member,
  newGroup,
  noBytes,
  selectProtocol,
  supportsProtocols,
  withMember,
  withoutMember,
} from '../classic-group.ts'
import { type GroupsContext, type GroupsDecision, type JoinGroupCommand, timerKey } from '../decision.ts'
import { memberOf } from '../membership.ts'
import { answerParked, completeJoinIfAllJoined, prepareRebalance } from '../rebalance.ts'
import type { GroupsState } from '../state.ts'
import {
  answered,
  expectMember,
  finished,
  type GroupWork,
  keepGroup,
  renewSession,
  setTimer,
  suspendSession,
  workOn,
} from '../work.ts'

/** First version whose dynamic members must know their id before they join. */
const REQUIRES_KNOWN_ID = 4
/** First version that can tell a static leader to keep the assignment. */
const KNOWS_SKIP_ASSIGNMENT = 9

export function decideJoinGroup(
  state: GroupsState,
  command: JoinGroupCommand,
  context: GroupsContext,
): GroupsDecision {
  const { request } = command
  const { config } = context
  if (request.groupId === '') return refused(command, errorCode.INVALID_GROUP_ID)
  if (
    request.sessionTimeoutMs < config.sessionTimeoutMsMin ||
    request.sessionTimeoutMs > config.sessionTimeoutMsMax
  ) {
    return refused(command, errorCode.INVALID_SESSION_TIMEOUT)
  }
  // Members of the newer protocols and classic ones do not share a group.
  if (state.foreign.has(request.groupId)) return refused(command, errorCode.INCONSISTENT_GROUP_PROTOCOL)
  const existing = state.groups.get(request.groupId)
  if (existing === undefined && request.memberId !== '') return refused(command, errorCode.UNKNOWN_MEMBER_ID)
  const group = existing ?? newGroup(request.groupId)
  if (!hasRoom(group, request.memberId, config.groupSizeMax)) return tooManyMembers(group, command, context)
  const work = workOn(group, context)
  const refusal = request.memberId === '' ? joinNew(work, command) : joinKnown(work, command)
  if (refusal !== 0) return refused(command, refusal)
  return finished(work, existing)
}

function refused(command: JoinGroupCommand, code: number): GroupsDecision {
  const body = joinGroupRefusal(code, command.apiVersion, command.request.memberId)
  return answered({ token: command.token, api: 'join-group', body })
}

/**
 * Whether the group may have this member. A newcomer finds no room where members are still known, even if they have
 * not joined again yet; among members of a group that is too large those stay who join first.
 */
function hasRoom(group: ClassicGroup, memberId: string, sizeMax: number): boolean {
  const member = group.members.get(memberId)
  if (group.phase === 'Empty') return true
  if (member === undefined) return Math.max(group.members.size, group.joiningCount) < sizeMax
  return group.phase !== 'PreparingRebalance' || member.joining !== null || group.joiningCount < sizeMax
}

/** 81; a member that was in and finds no room any more is out. */
function tooManyMembers(
  group: ClassicGroup,
  command: JoinGroupCommand,
  context: GroupsContext,
): GroupsDecision {
  const work = workOn(group, context)
  const member = group.members.get(command.request.memberId)
  if (member !== undefined) {
    suspendSession(work, member.id)
    work.group = withoutMember(work.group, member)
    completeJoinIfAllJoined(work)
  }
  const body = joinGroupRefusal(errorCode.GROUP_MAX_SIZE_REACHED, command.apiVersion, '')
  work.replies.push({ token: command.token, api: 'join-group', body })
  return finished(work, group)
}

function joinNew(work: GroupWork, command: JoinGroupCommand): number {
  const { request } = command
  if (!supportsProtocols(work.group, request.protocolType, request.protocols)) {
    return errorCode.INCONSISTENT_GROUP_PROTOCOL
  }
  const memberId = `${request.groupInstanceId ?? command.clientId}-${command.newMemberUuid}`
  if (request.groupInstanceId !== null) {
    const formerId = work.group.instances.get(request.groupInstanceId)
    const former = formerId === undefined ? undefined : work.group.members.get(formerId)
    if (former === undefined) addMember(work, command, memberId)
    else replaceStaticMember(work, command, former, memberId)
    return 0
  }
  if (command.apiVersion < REQUIRES_KNOWN_ID) {
    addMember(work, command, memberId)
    return 0
  }
  handOutId(work, command, memberId)
  return 0
}

/** 79 with the id; it is forgotten if nobody joins with it within a session. */
function handOutId(work: GroupWork, command: JoinGroupCommand, memberId: string): void {
  const { id: groupId } = work.group
  work.group = { ...work.group, pendingMembers: work.group.pendingMembers.with(memberId, true) }
  setTimer(work, timerKey.session(groupId, memberId), command.request.sessionTimeoutMs, {
    type: 'pending-member-expired',
    groupId,
    memberId,
  })
  const body = joinGroupRefusal(errorCode.MEMBER_ID_REQUIRED, command.apiVersion, memberId)
  work.replies.push({ token: command.token, api: 'join-group', body })
}

function joinKnown(work: GroupWork, command: JoinGroupCommand): number {
  const { request } = command
  if (!supportsProtocols(work.group, request.protocolType, request.protocols)) {
    return errorCode.INCONSISTENT_GROUP_PROTOCOL
  }
  if (work.group.pendingMembers.has(request.memberId)) {
    // An id that was handed out belongs to a dynamic member.
    if (request.groupInstanceId !== null) return errorCode.UNKNOWN_MEMBER_ID
    addMember(work, command, request.memberId)
    return 0
  }
  const member = memberOf(work.group, request.memberId, request.groupInstanceId)
  if (typeof member === 'number') return member
  const tellsTheSame = hasSameProtocols(member, request.protocols)
  switch (work.group.phase) {
    case 'PreparingRebalance':
      break
    case 'CompletingRebalance':
      // Its answer was lost on the way: it gets the same again.
      if (tellsTheSame) return answerAgain(work, command, member)
      break
    case 'Stable':
      // A leader that joins again wants to assign anew.
      if (tellsTheSame && work.group.leaderId !== member.id) return answerAgain(work, command, member)
      break
    case 'Empty':
      return errorCode.UNKNOWN_MEMBER_ID
  }
  updateMember(work, command, member)
  return 0
}

function answerAgain(work: GroupWork, command: JoinGroupCommand, member: Member): number {
  const body = joinGroupAnswer(work.group, member)
  work.replies.push({ token: command.token, api: 'join-group', body })
  return 0
}

/** What the request says of the member. */
function describedMember(command: JoinGroupCommand) {
  const { request } = command
  // Version 0 has no rebalance time-out: the session's stands for it.
  const asked = request.rebalanceTimeoutMs < 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs
  return {
    instanceId: request.groupInstanceId,
    clientId: command.clientId,
    clientHost: command.clientHost,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: Math.max(asked, coordinationLimits.rebalanceTimeoutMsMin),
    protocols: request.protocols,
    joining: { token: command.token, apiVersion: command.apiVersion },
  }
}

function addMember(work: GroupWork, command: JoinGroupCommand, id: string): void {
  const member: Member = {
    ...describedMember(command),
    id,
    assignment: noBytes,
    syncing: null,
    hasSynced: false,
    isNew: true,
  }
  work.group = withMember(
    {
      ...work.group,
      protocolType: command.request.protocolType,
      newMemberAdded: work.group.newMemberAdded || work.group.isInitialRebalance,
    },
    member,
  )
  expectMember(work, member, coordinationLimits.newMemberJoinTimeoutMs)
  rebalanceOrGoOn(work)
}

function updateMember(work: GroupWork, command: JoinGroupCommand, member: Member): void {
  // A JoinGroup that waits already is from before its client gave up on it.
  answerParked(work, { ...member, syncing: null }, errorCode.REBALANCE_IN_PROGRESS)
  work.group = withMember(work.group, { ...member, ...describedMember(command) })
  if (!member.isNew) suspendSession(work, member.id)
  rebalanceOrGoOn(work)
}

function rebalanceOrGoOn(work: GroupWork): void {
  if (work.group.phase === 'PreparingRebalance') completeJoinIfAllJoined(work)
  else prepareRebalance(work)
}

/** A static member came back as another process: the former one is fenced, its place is the new one's. */
function replaceStaticMember(
  work: GroupWork,
  command: JoinGroupCommand,
  former: Member,
  memberId: string,
): void {
  const formerLeaderId = work.group.leaderId
  suspendSession(work, former.id)
  answerParked(work, former, errorCode.FENCED_INSTANCE_ID)
  const member: Member = {
    ...former,
    ...describedMember(command),
    id: memberId,
    syncing: null,
    isNew: true,
  }
  const leads = formerLeaderId === former.id
  work.group = withMember(withoutMember(work.group, former), member)
  if (leads) work.group = { ...work.group, leaderId: memberId }
  if (work.group.phase === 'Stable' && selectProtocol(work.group) === work.group.protocolName) {
    takeOver(work, command, member, formerLeaderId)
    return
  }
  expectMember(work, member, coordinationLimits.newMemberJoinTimeoutMs)
  rebalanceOrGoOn(work)
}

/** The new life of a static member gets the old one's part of the generation, once the log knows of it. */
function takeOver(
  work: GroupWork,
  command: JoinGroupCommand,
  member: Member,
  formerLeaderId: string | null,
): void {
  const settled: Member = { ...member, joining: null, isNew: false }
  work.group = withMember(work.group, settled)
  renewSession(work, settled)
  keepGroup(work)
  const answer = joinGroupAnswer(work.group, settled)
  const leads = work.group.leaderId === settled.id
  const skips = command.apiVersion >= KNOWS_SKIP_ASSIGNMENT
  // An older client that learnt that it leads would assign anew; it is told the leader of before.
  const body = skips
    ? { ...answer, members: leads ? memberList(work.group) : [], skipAssignment: leads }
    : { ...answer, members: [], leader: formerLeaderId ?? '' }
  work.replies.push({ token: command.token, api: 'join-group', body })
}
