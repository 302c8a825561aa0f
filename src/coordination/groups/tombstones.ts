/**
 * The tombstones that take offsets and groups out of the log.
 */
import type { GroupRecord } from './record.ts'
import type { GroupsState } from './state.ts'

export function offsetTombstone(group: string, topic: string, partition: number): GroupRecord {
  return { type: 'OffsetCommit', key: { group, topic, partition }, value: null }
}

export function groupTombstone(group: string): GroupRecord {
  return { type: 'GroupMetadata', key: { group }, value: null }
}

/** Tombstones of everything that a group has in the log, the group's own last. */
export function* tombstonesOf(state: GroupsState, groupId: string): Generator<GroupRecord> {
  for (const [topic, partitions] of state.offsets.get(groupId) ?? []) {
    for (const partition of partitions.keys()) yield offsetTombstone(groupId, topic, partition)
  }
  yield groupTombstone(groupId)
}
