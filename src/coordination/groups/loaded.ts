/**
 * What begins once a coordinator has read its log, and what ends when it coordinates no more.
 *
 * Members had no one to send heartbeats to while the log was read, so each gets a whole session anew.
 */
import { type TimerChange, timerKey } from './decision.ts'
import type { GroupsState } from './state.ts'

/** The sessions of the members that the log knows. */
export function timersAfterLoad(state: GroupsState): TimerChange[] {
  const timers: TimerChange[] = []
  for (const group of state.groups.values()) {
    for (const member of group.members.values()) {
      timers.push({
        type: 'set',
        key: timerKey.session(group.id, member.id),
        delayMs: member.sessionTimeoutMs,
        command: { type: 'session-expired', groupId: group.id, memberId: member.id },
      })
    }
  }
  return timers
}

/** The requests that wait in this state and get no answer once it is dropped. */
export function parkedTokens(state: GroupsState): number[] {
  const tokens: number[] = []
  for (const group of state.groups.values()) {
    for (const { joining, syncing } of group.members.values()) {
      if (joining !== null) tokens.push(joining.token)
      if (syncing !== null) tokens.push(syncing.token)
    }
  }
  return tokens
}
