/**
 * What happens when a group's timers ring: members that were silent are forgotten, phases of a rebalance end.
 *
 * A timer may come too late, about a group, member or generation that is no more: then nothing happens.
 */
import { errorCode } from '../../../protocol/errors.ts'
import type { GroupEvent, GroupsContext, GroupsDecision } from '../decision.ts'
import {
  completeJoin,
  completeJoinIfAllJoined,
  endInitialDelay,
  prepareRebalance,
  rebalanceAfterRemoval,
  refuseParkedSyncs,
  removeMember,
} from '../rebalance.ts'
import type { GroupsState } from '../state.ts'
import { finished, nothing, workOn } from '../work.ts'

type Timed<T extends GroupEvent['type']> = Extract<GroupEvent, { readonly type: T }>

export function decideSessionExpired(
  state: GroupsState,
  command: Timed<'session-expired'>,
  context: GroupsContext,
): GroupsDecision {
  const group = state.groups.get(command.groupId)
  const member = group?.members.get(command.memberId)
  if (group === undefined || member === undefined) return nothing
  // Who waits for us is not silent; only a new member, which may be gone without knowing its id, is given up on.
  const waits = member.joining !== null || member.syncing !== null
  if (waits && !member.isNew) return nothing
  const work = workOn(group, context)
  removeMember(work, member, errorCode.UNKNOWN_MEMBER_ID)
  rebalanceAfterRemoval(work)
  return finished(work, group)
}

export function decidePendingMemberExpired(
  state: GroupsState,
  command: Timed<'pending-member-expired'>,
  context: GroupsContext,
): GroupsDecision {
  const group = state.groups.get(command.groupId)
  if (group === undefined || !group.pendingMembers.has(command.memberId)) return nothing
  const work = workOn(group, context)
  work.group = { ...group, pendingMembers: group.pendingMembers.without(command.memberId) }
  completeJoinIfAllJoined(work)
  return finished(work, group)
}

export function decideInitialDelayEnded(
  state: GroupsState,
  command: Timed<'initial-delay-ended'>,
  context: GroupsContext,
): GroupsDecision {
  const group = state.groups.get(command.groupId)
  if (group?.phase !== 'PreparingRebalance' || !group.isInitialRebalance) return nothing
  const work = workOn(group, context)
  endInitialDelay(work, command.remainingMs)
  return finished(work, group)
}

export function decideJoinPhaseEnded(
  state: GroupsState,
  command: Timed<'join-phase-ended'>,
  context: GroupsContext,
): GroupsDecision {
  const group = state.groups.get(command.groupId)
  if (group?.phase !== 'PreparingRebalance' || group.isInitialRebalance) return nothing
  const work = workOn(group, context)
  completeJoin(work)
  return finished(work, group)
}

/** Members that never synced are out; the others, who may still wait for a leader among them, join again. */
export function decideSyncPhaseEnded(
  state: GroupsState,
  command: Timed<'sync-phase-ended'>,
  context: GroupsContext,
): GroupsDecision {
  const group = state.groups.get(command.groupId)
  if (group === undefined || group.generation !== command.generation) return nothing
  if (group.phase !== 'CompletingRebalance' && group.phase !== 'Stable') return nothing
  const late = [...group.members.values()].filter((member) => !member.hasSynced)
  if (late.length === 0) return nothing
  const work = workOn(group, context)
  refuseParkedSyncs(work, errorCode.REBALANCE_IN_PROGRESS)
  for (const member of late) removeMember(work, member, errorCode.UNKNOWN_MEMBER_ID)
  prepareRebalance(work)
  return finished(work, group)
}
