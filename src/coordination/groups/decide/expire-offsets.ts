/**
 * Offsets that nobody has needed for the retention time go, and groups that have neither members nor offsets.
 *
 * The time runs from when the group became empty; for a group that never had members from each commit; in a stable
 * consumer group only topics that nobody subscribes to any more can expire (KIP-211). A commit with a retention of its
 * own follows that one alone.
 */
import { type ClassicGroup, isConsumerGroup, subscribedTopics } from '../classic-group.ts'
import type { GroupChange, GroupsContext, GroupsDecision } from '../decision.ts'
import type { GroupRecord } from '../record.ts'
import { type CommittedOffset, type GroupsState, hasPendingOffset, hasPendingOffsets } from '../state.ts'
import { groupTombstone, offsetTombstone } from '../tombstones.ts'

export function decideExpireOffsets(state: GroupsState, context: GroupsContext): GroupsDecision {
  const records: GroupRecord[] = []
  const changes: GroupChange[] = []
  for (const group of state.groups.values()) {
    const expired = expiredOffsets(state, group, context)
    for (const { topic, partition } of expired.gone) {
      records.push(offsetTombstone(group.id, topic, partition))
    }
    const isLeftOver = group.phase === 'Empty' && group.pendingMembers.size === 0
    if (isLeftOver && expired.kept === 0 && !hasPendingOffsets(state, group.id)) {
      records.push(groupTombstone(group.id))
      changes.push({ groupId: group.id, group: null })
    }
  }
  return { records, changes, replies: [], timers: [] }
}

interface Expired {
  readonly gone: readonly { readonly topic: string; readonly partition: number }[]
  readonly kept: number
}

function expiredOffsets(state: GroupsState, group: ClassicGroup, context: GroupsContext): Expired {
  const gone: { topic: string; partition: number }[] = []
  let kept = 0
  const subscribed = group.phase === 'Stable' ? subscribedTopics(group) : null
  for (const [topic, partitions] of state.offsets.get(group.id) ?? []) {
    for (const [partition, committed] of partitions) {
      const ends = endMs(group, committed, context, subscribed, topic)
      const isOver = ends !== null && ends <= context.nowMs
      if (isOver && !hasPendingOffset(state, group.id, topic, partition)) gone.push({ topic, partition })
      else kept++
    }
  }
  return { gone, kept }
}

/** When an offset ends; null while the group needs it. */
function endMs(
  group: ClassicGroup,
  committed: CommittedOffset,
  context: GroupsContext,
  subscribed: ReadonlySet<string> | null,
  topic: string,
): number | null {
  const since = unneededSinceMs(group, committed, subscribed, topic)
  if (since === null) return null
  if (committed.expireTimestampMs >= 0) return committed.expireTimestampMs
  return since + context.config.offsetsRetentionMs
}

function unneededSinceMs(
  group: ClassicGroup,
  committed: CommittedOffset,
  subscribed: ReadonlySet<string> | null,
  topic: string,
): number | null {
  if (group.protocolType === null) return committed.commitTimestampMs
  if (group.phase === 'Empty') {
    // A commit after the last member went counts from itself.
    return Math.max(group.stateChangedMs ?? committed.commitTimestampMs, committed.commitTimestampMs)
  }
  if (!isConsumerGroup(group) || subscribed === null || subscribed.has(topic)) return null
  return committed.commitTimestampMs
}
