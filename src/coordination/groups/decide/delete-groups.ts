/**
 * DeleteGroups: groups without members go, with all that they committed (KIP-229).
 */
import { errorCode } from '../../../protocol/errors.ts'
import type { DeleteGroupsCommand, GroupChange, GroupsDecision, TimerChange } from '../decision.ts'
import { timerKey } from '../decision.ts'
import type { GroupRecord } from '../record.ts'
import { type GroupsState, hasPendingOffsets } from '../state.ts'
import { tombstonesOf } from '../tombstones.ts'

export function decideDeleteGroups(state: GroupsState, command: DeleteGroupsCommand): GroupsDecision {
  const records: GroupRecord[] = []
  const changes: GroupChange[] = []
  const timers: TimerChange[] = []
  const results = [...new Set(command.groupIds)].map((groupId) => {
    const code = refusalCode(state, groupId)
    const group = state.groups.get(groupId)
    if (code === 0 && group !== undefined) {
      for (const tombstone of tombstonesOf(state, groupId)) records.push(tombstone)
      changes.push({ groupId, group: null })
      for (const memberId of group.pendingMembers.keys()) {
        timers.push({ type: 'cancel', key: timerKey.session(groupId, memberId) })
      }
    }
    return { groupId, errorCode: code, errorMessage: null }
  })
  const body = { throttleTimeMs: 0, results }
  return { records, changes, timers, replies: [{ token: command.token, api: 'delete-groups', body }] }
}

function refusalCode(state: GroupsState, groupId: string): number {
  const group = state.groups.get(groupId)
  if (group === undefined) return errorCode.GROUP_ID_NOT_FOUND
  // An open transaction may still bring offsets: a group must not rise from the dead.
  if (group.phase !== 'Empty' || hasPendingOffsets(state, groupId)) return errorCode.NON_EMPTY_GROUP
  return 0
}
