/**
 * The steps of a rebalance: it is prepared, members join until all have or time is up, a generation begins, and
 * members that do not go along are left behind.
 *
 * Commands call these on their work; nothing here looks at a request. Eager and cooperative members look alike to the
 * coordinator. KIP-134 for the wait of an empty group, KIP-345 for static members, who may stay away.
 */
import { errorCode } from '../../protocol/errors.ts'
import { joinGroupAnswer, joinGroupRefusal, syncGroupRefusal } from './answers.ts'
import {
  type ClassicGroup,
  hasAllMembersJoined,
  type Member,
  rebalanceTimeoutMs,
  selectProtocol,
  withMember,
  withoutMember,
} from './classic-group.ts'
import { timerKey } from './decision.ts'
import { cancelTimer, type GroupWork, keepGroup, renewSession, setTimer, suspendSession } from './work.ts'

/** Asks everybody to join again. */
export function prepareRebalance(work: GroupWork): void {
  if (work.group.phase === 'CompletingRebalance') refuseParkedSyncs(work, errorCode.REBALANCE_IN_PROGRESS)
  cancelTimer(work, timerKey.sync(work.group.id))
  const isInitialRebalance = work.group.phase === 'Empty'
  work.group = { ...work.group, phase: 'PreparingRebalance', isInitialRebalance, newMemberAdded: false }
  if (isInitialRebalance) waitForMore(work)
  else completeJoinOrWait(work)
}

/** An empty group waits a little, so that members that start together share one rebalance. */
function waitForMore(work: GroupWork): void {
  const delayMs = work.context.config.initialRebalanceDelayMs
  if (delayMs === 0) {
    completeJoin(work)
    return
  }
  const remainingMs = Math.max(rebalanceTimeoutMs(work.group) - delayMs, 0)
  setInitialDelay(work, delayMs, remainingMs)
}

function setInitialDelay(work: GroupWork, delayMs: number, remainingMs: number): void {
  const { id: groupId } = work.group
  const command = { type: 'initial-delay-ended', groupId, remainingMs } as const
  setTimer(work, timerKey.join(groupId), delayMs, command)
}

/** The wait is over, unless somebody came meanwhile and there is time left. */
export function endInitialDelay(work: GroupWork, remainingMs: number): void {
  if (!work.group.newMemberAdded || remainingMs === 0) {
    completeJoin(work)
    return
  }
  work.group = { ...work.group, newMemberAdded: false }
  const delayMs = Math.min(work.context.config.initialRebalanceDelayMs, remainingMs)
  setInitialDelay(work, delayMs, remainingMs - delayMs)
}

function completeJoinOrWait(work: GroupWork): void {
  if (hasAllMembersJoined(work.group)) completeJoin(work)
  else waitForMembers(work)
}

function waitForMembers(work: GroupWork): void {
  const { id: groupId } = work.group
  const command = { type: 'join-phase-ended', groupId } as const
  setTimer(work, timerKey.join(groupId), rebalanceTimeoutMs(work.group), command)
}

/** Ends the join phase if nobody is missing any more. */
export function completeJoinIfAllJoined(work: GroupWork): void {
  const { group } = work
  if (group.phase !== 'PreparingRebalance' || group.isInitialRebalance) return
  if (hasAllMembersJoined(group)) completeJoin(work)
}

/**
 * Begins the next generation with those who joined. Dynamic members that did not are forgotten, static ones stay;
 * where none but absent static members are left, the phase goes on until their sessions end.
 */
export function completeJoin(work: GroupWork): void {
  for (const member of work.group.members.values()) {
    if (member.joining !== null || member.instanceId !== null) continue
    suspendSession(work, member.id)
    work.group = withoutMember(work.group, member)
  }
  if (work.group.members.size === 0) {
    becomeEmpty(work)
    return
  }
  const leaderId = presentLeader(work.group)
  if (leaderId === null) {
    waitForMembers(work)
    return
  }
  cancelTimer(work, timerKey.join(work.group.id))
  beginGeneration(work, leaderId)
}

/** The leader if it joined, else the first that did. */
function presentLeader(group: ClassicGroup): string | null {
  const leader = group.leaderId === null ? undefined : group.members.get(group.leaderId)
  if (leader !== undefined && leader.joining !== null) return leader.id
  for (const member of group.members.values()) if (member.joining !== null) return member.id
  return null
}

function becomeEmpty(work: GroupWork): void {
  cancelTimer(work, timerKey.join(work.group.id))
  work.group = {
    ...work.group,
    phase: 'Empty',
    isInitialRebalance: false,
    generation: work.group.generation + 1,
    protocolName: null,
    leaderId: null,
  }
  keepGroup(work)
}

function beginGeneration(work: GroupWork, leaderId: string): void {
  const led = { ...work.group, leaderId }
  work.group = {
    ...led,
    phase: 'CompletingRebalance',
    isInitialRebalance: false,
    generation: led.generation + 1,
    protocolName: selectProtocol(led),
  }
  for (const member of work.group.members.values()) {
    const { joining } = member
    if (joining !== null) {
      const body = joinGroupAnswer(work.group, member)
      work.replies.push({ token: joining.token, api: 'join-group', body })
    }
    // A static member that stayed away has nothing to sync: its session alone decides how long it is kept.
    const settled = { ...member, joining: null, isNew: false, hasSynced: joining === null }
    work.group = withMember(work.group, settled)
    renewSession(work, settled)
  }
  const { id: groupId, generation } = work.group
  const command = { type: 'sync-phase-ended', groupId, generation } as const
  setTimer(work, timerKey.sync(groupId), rebalanceTimeoutMs(work.group), command)
}

/** Answers everybody who waits for the leader, and forgets what they were assigned. */
export function refuseParkedSyncs(work: GroupWork, code: number): void {
  for (const member of work.group.members.values()) {
    if (member.syncing === null) continue
    const body = syncGroupRefusal(code)
    work.replies.push({ token: member.syncing.token, api: 'sync-group', body })
    work.group = withMember(work.group, { ...member, syncing: null })
    renewSession(work, member)
  }
}

/** Takes a member out, answering what it has waiting. */
export function removeMember(work: GroupWork, member: Member, code: number): void {
  suspendSession(work, member.id)
  answerParked(work, member, code)
  work.group = withoutMember(work.group, member)
}

/** Answers what a member has waiting with an error. */
export function answerParked(work: GroupWork, member: Member, code: number): void {
  if (member.joining !== null) {
    const { token, apiVersion } = member.joining
    const memberId = code === errorCode.UNKNOWN_MEMBER_ID ? '' : member.id
    work.replies.push({ token, api: 'join-group', body: joinGroupRefusal(code, apiVersion, memberId) })
  }
  if (member.syncing !== null) {
    work.replies.push({ token: member.syncing.token, api: 'sync-group', body: syncGroupRefusal(code) })
  }
}

/** Members went: those who are left share anew. */
export function rebalanceAfterRemoval(work: GroupWork): void {
  switch (work.group.phase) {
    case 'Stable':
    case 'CompletingRebalance':
      prepareRebalance(work)
      return
    case 'PreparingRebalance':
      completeJoinIfAllJoined(work)
      return
    case 'Empty':
      return
  }
}
