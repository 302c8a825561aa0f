/**
 * Topics were deleted: what groups committed for them goes with them, so that a new topic of the name starts afresh.
 */
import type { GroupsDecision } from '../decision.ts'
import type { GroupRecord } from '../record.ts'
import type { GroupsState } from '../state.ts'
import { offsetTombstone } from '../tombstones.ts'

export function decideTopicsDeleted(state: GroupsState, topics: readonly string[]): GroupsDecision {
  const records: GroupRecord[] = []
  for (const [groupId, offsets] of state.offsets) {
    for (const topic of topics) {
      for (const partition of offsets.get(topic)?.keys() ?? []) {
        records.push(offsetTombstone(groupId, topic, partition))
      }
    }
  }
  return { records, changes: [], replies: [], timers: [] }
}
