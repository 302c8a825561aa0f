/**
 * What a coordinator knows: the groups and committed offsets of one partition of `__consumer_offsets`.
 *
 * Immutable. What must survive a restart stands in the log's records; members' parked requests and the phase of a
 * rebalance live here alone and end with the process. `apply` is the only writer.
 */
import { OrderedMap } from '../ordered-map.ts'
import type { ClassicGroup } from './classic-group.ts'

/** An offset as it was committed. */
export interface CommittedOffset {
  readonly offset: bigint
  /** Leader epoch of the record before it; -1 unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** When this commit alone ends, for clients that asked for a retention of their own; -1: the broker's rule. */
  readonly expireTimestampMs: number
  readonly topicId: string
  /** Where its record stands in the log: the later of two commits is the one further on. */
  readonly logOffset: bigint
}

/** Offsets of a group by topic, then by partition. */
export type GroupOffsets = OrderedMap<string, OrderedMap<number, CommittedOffset>>

/** An offset that a transaction has written, until its end; null: a tombstone. */
export interface PendingOffset {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  readonly committed: CommittedOffset | null
}

export type ForeignGroupKind = 'consumer' | 'share' | 'streams'

export interface GroupsState {
  readonly groups: OrderedMap<string, ClassicGroup>
  readonly offsets: OrderedMap<string, GroupOffsets>
  /** What open transactions have written, by producer id. */
  readonly transactions: OrderedMap<string, readonly PendingOffset[]>
  /** Groups of the newer protocols that the log holds, which no command here touches. */
  readonly foreign: OrderedMap<string, ForeignGroupKind>
}

/** The state of an empty log. */
export const emptyGroups: GroupsState = {
  groups: OrderedMap.empty(),
  offsets: OrderedMap.empty(),
  transactions: OrderedMap.empty(),
  foreign: OrderedMap.empty(),
}

/** The offset that the group committed, or undefined. */
export function committedOffset(
  state: GroupsState,
  groupId: string,
  topic: string,
  partition: number,
): CommittedOffset | undefined {
  return state.offsets.get(groupId)?.get(topic)?.get(partition)
}

/** Whether an open transaction has written an offset of this partition for the group. */
export function hasPendingOffset(
  state: GroupsState,
  groupId: string,
  topic: string,
  partition: number,
): boolean {
  for (const pending of state.transactions.values()) {
    const found = pending.some(
      (write) => write.groupId === groupId && write.topic === topic && write.partition === partition,
    )
    if (found) return true
  }
  return false
}

/** Whether an open transaction has written any offset for the group. */
export function hasPendingOffsets(state: GroupsState, groupId: string): boolean {
  for (const pending of state.transactions.values()) {
    if (pending.some((write) => write.groupId === groupId)) return true
  }
  return false
}
