/**
 * One decision in the making about one group: the group as it will be, and what is to be done for it.
 *
 * Lives within a single call of `decide`; the steps of a rebalance write into it. What it ends as is a
 * `GroupsDecision`.
 */
import { type ClassicGroup, type Member, metadataFor } from './classic-group.ts'
import type { GroupEvent, GroupReply, GroupsContext, GroupsDecision, TimerChange } from './decision.ts'
import { timerKey } from './decision.ts'
import type { GroupRecord } from './record.ts'

export interface GroupWork {
  group: ClassicGroup
  readonly context: GroupsContext
  readonly records: GroupRecord[]
  readonly replies: GroupReply[]
  readonly timers: TimerChange[]
}

/** Begins a decision about `group`. */
export function workOn(group: ClassicGroup, context: GroupsContext): GroupWork {
  return { group, context, records: [], replies: [], timers: [] }
}

/** The decision that the work comes to; the group is in it only if it changed. */
export function finished(work: GroupWork, before: ClassicGroup | undefined): GroupsDecision {
  const { group, records, replies, timers } = work
  const changes = group === before ? [] : [{ groupId: group.id, group }]
  return { records, changes, replies, timers }
}

/** A decision that only answers. */
export function answered(...replies: GroupReply[]): GroupsDecision {
  return { records: [], changes: [], replies, timers: [] }
}

/** A decision that does nothing at all: a timer that came too late. */
export const nothing: GroupsDecision = { records: [], changes: [], replies: [], timers: [] }

export function setTimer(work: GroupWork, key: string, delayMs: number, command: GroupEvent): void {
  work.timers.push({ type: 'set', key, delayMs, command })
}

export function cancelTimer(work: GroupWork, key: string): void {
  work.timers.push({ type: 'cancel', key })
}

/** The member is alive: its session begins anew. */
export function renewSession(work: GroupWork, member: Member): void {
  expectMember(work, member, member.sessionTimeoutMs)
}

/** The member is given so long to be heard of. */
export function expectMember(work: GroupWork, member: Member, delayMs: number): void {
  const { id: groupId } = work.group
  setTimer(work, timerKey.session(groupId, member.id), delayMs, {
    type: 'session-expired',
    groupId,
    memberId: member.id,
  })
}

/** The member waits for an answer of ours: silence is no sign of its death. */
export function suspendSession(work: GroupWork, memberId: string): void {
  cancelTimer(work, timerKey.session(work.group.id, memberId))
}

/** The record that keeps the group as it is now. */
export function keepGroup(work: GroupWork): void {
  const { group, context } = work
  work.group = { ...group, stateChangedMs: context.nowMs }
  const members = [...group.members.values()].map((member) => ({
    memberId: member.id,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeout: member.rebalanceTimeoutMs,
    sessionTimeout: member.sessionTimeoutMs,
    subscription: metadataFor(member, group.protocolName),
    assignment: member.assignment,
  }))
  work.records.push({
    type: 'GroupMetadata',
    key: { group: group.id },
    value: {
      protocolType: group.protocolType ?? '',
      generation: group.generation,
      protocol: group.protocolName,
      leader: group.leaderId,
      currentStateTimestamp: BigInt(context.nowMs),
      members,
    },
  })
}
