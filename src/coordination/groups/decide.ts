/**
 * Decides on any command of a groups coordinator; each has its own file.
 */

import { decideDeleteGroups } from './decide/delete-groups.ts'
import { decideExpireOffsets } from './decide/expire-offsets.ts'
import { decideHeartbeat } from './decide/heartbeat.ts'
import { decideJoinGroup } from './decide/join-group.ts'
import { decideLeaveGroup } from './decide/leave-group.ts'
import { decideOffsetCommit } from './decide/offset-commit.ts'
import { decideOffsetDelete } from './decide/offset-delete.ts'
import { decideSyncGroup } from './decide/sync-group.ts'
import {
  decideInitialDelayEnded,
  decideJoinPhaseEnded,
  decidePendingMemberExpired,
  decideSessionExpired,
  decideSyncPhaseEnded,
} from './decide/timers.ts'
import { decideTopicsDeleted } from './decide/topics-deleted.ts'
import type { GroupCommand, GroupsContext, GroupsDecision } from './decision.ts'
import type { GroupsState } from './state.ts'

/** What `command` comes to; changes nothing. */
export function decide(state: GroupsState, command: GroupCommand, context: GroupsContext): GroupsDecision {
  switch (command.type) {
    case 'join-group':
      return decideJoinGroup(state, command, context)
    case 'sync-group':
      return decideSyncGroup(state, command, context)
    case 'heartbeat':
      return decideHeartbeat(state, command, context)
    case 'leave-group':
      return decideLeaveGroup(state, command, context)
    case 'offset-commit':
      return decideOffsetCommit(state, command, context)
    case 'offset-delete':
      return decideOffsetDelete(state, command, context)
    case 'delete-groups':
      return decideDeleteGroups(state, command)
    case 'session-expired':
      return decideSessionExpired(state, command, context)
    case 'pending-member-expired':
      return decidePendingMemberExpired(state, command, context)
    case 'initial-delay-ended':
      return decideInitialDelayEnded(state, command, context)
    case 'join-phase-ended':
      return decideJoinPhaseEnded(state, command, context)
    case 'sync-phase-ended':
      return decideSyncPhaseEnded(state, command, context)
    case 'expire-offsets':
      return decideExpireOffsets(state, context)
    case 'topics-deleted':
      return decideTopicsDeleted(state, command.topics)
  }
}
