/**
 * The only writer of a coordinator's state: records as the log has them, and what decisions changed in memory.
 *
 * Replaying the records alone rebuilds what must survive: members as they were at the last completed rebalance,
 * generations, offsets. Offsets that a transaction wrote count when it commits (trap 18); of two commits of one
 * partition the later in the log counts (trap 19). Records of newer kinds of groups are told and otherwise left alone.
 */
import { OrderedMap } from '../ordered-map.ts'
import { type ClassicGroup, type Member, newGroup, withMember } from './classic-group.ts'
import type { GroupsDecision } from './decision.ts'
import type { GroupMetadataValue, GroupRecord, OffsetCommitValue } from './record.ts'
import type { CommittedOffset, ForeignGroupKind, GroupOffsets, GroupsState, PendingOffset } from './state.ts'

/** Where a record stands in the log, and who wrote it. */
export interface RecordPosition {
  readonly offset: bigint
  /** The transaction's producer id; -1 outside transactions. */
  readonly producerId: bigint
}

/** A record that changed nothing here, for the host's log. */
export interface GroupNotice {
  readonly kind: 'foreign-group'
  readonly recordType: GroupRecord['type']
}

export interface AppliedRecord {
  readonly state: GroupsState
  readonly notice: GroupNotice | null
}

/** The state after one record of the log. */
export function applyRecord(
  state: GroupsState,
  record: GroupRecord,
  position: RecordPosition,
): AppliedRecord {
  switch (record.type) {
    case 'OffsetCommit':
    case 'LegacyOffsetCommit': {
      const { group: groupId, topic, partition } = record.key
      const committed = record.value === null ? null : committedOf(record.value, position.offset)
      const write: PendingOffset = { groupId, topic, partition, committed }
      const next = position.producerId < 0n ? withOffset(state, write) : withPending(state, write, position)
      return { state: next, notice: null }
    }
    case 'GroupMetadata':
      return { state: withStoredGroup(state, record.key.group, record.value), notice: null }
    default:
      return { state: withForeign(state, record), notice: { kind: 'foreign-group', recordType: record.type } }
  }
}

/** The state after a transaction's end: what it wrote counts, or never was. */
export function applyTransactionEnd(state: GroupsState, producerId: bigint, committed: boolean): GroupsState {
  const key = String(producerId)
  const pending = state.transactions.get(key)
  if (pending === undefined) return state
  let next: GroupsState = { ...state, transactions: state.transactions.without(key) }
  if (committed) for (const write of pending) next = withOffset(next, write)
  return next
}

/** The state after a decision whose records begin at `baseOffset` in the log. */
export function applyDecision(state: GroupsState, decision: GroupsDecision, baseOffset: bigint): GroupsState {
  let next = state
  for (const [index, record] of decision.records.entries()) {
    next = applyRecord(next, record, { offset: baseOffset + BigInt(index), producerId: -1n }).state
  }
  for (const { groupId, group } of decision.changes) {
    const groups = group === null ? next.groups.without(groupId) : next.groups.with(groupId, group)
    next = { ...next, groups }
  }
  return next
}

type StoredOffset = Pick<OffsetCommitValue, 'offset' | 'metadata' | 'commitTimestamp'> &
  Partial<Pick<OffsetCommitValue, 'leaderEpoch' | 'expireTimestamp' | 'topicId'>>

const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

function committedOf(value: StoredOffset, logOffset: bigint): CommittedOffset {
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch ?? -1,
    metadata: value.metadata,
    commitTimestampMs: Number(value.commitTimestamp),
    expireTimestampMs: Number(value.expireTimestamp ?? -1n),
    topicId: value.topicId ?? NO_TOPIC_ID,
    logOffset,
  }
}

function withPending(state: GroupsState, write: PendingOffset, position: RecordPosition): GroupsState {
  const key = String(position.producerId)
  const pending = [...(state.transactions.get(key) ?? []), write]
  return { ...state, transactions: state.transactions.with(key, pending) }
}

function withOffset(
  state: GroupsState,
  { groupId, topic, partition, committed }: PendingOffset,
): GroupsState {
  const offsets =
    state.offsets.get(groupId) ?? OrderedMap.empty<string, OrderedMap<number, CommittedOffset>>()
  const partitions = offsets.get(topic) ?? OrderedMap.empty<number, CommittedOffset>()
  const before = partitions.get(partition)
  if (committed === null) {
    return withGroupOffsets(state, groupId, withTopic(offsets, topic, partitions.without(partition)))
  }
  if (before !== undefined && before.logOffset > committed.logOffset) return state
  // Offsets without members: the group exists through them.
  const isSimple = !state.groups.has(groupId) && !state.foreign.has(groupId)
  const groups = isSimple ? state.groups.with(groupId, newGroup(groupId)) : state.groups
  const changed = withTopic(offsets, topic, partitions.with(partition, committed))
  return withGroupOffsets({ ...state, groups }, groupId, changed)
}

function withTopic(
  offsets: GroupOffsets,
  topic: string,
  partitions: OrderedMap<number, CommittedOffset>,
): GroupOffsets {
  return partitions.size === 0 ? offsets.without(topic) : offsets.with(topic, partitions)
}

function withGroupOffsets(state: GroupsState, groupId: string, offsets: GroupOffsets): GroupsState {
  const all = offsets.size === 0 ? state.offsets.without(groupId) : state.offsets.with(groupId, offsets)
  return { ...state, offsets: all }
}

function withStoredGroup(state: GroupsState, groupId: string, value: GroupMetadataValue | null): GroupsState {
  if (value === null) return { ...state, groups: state.groups.without(groupId) }
  return {
    ...state,
    groups: state.groups.with(groupId, storedGroup(groupId, value)),
    // A group of a newer protocol that became a classic one (KIP-848's migration).
    foreign: state.foreign.without(groupId),
  }
}

/** The group as a restart finds it: nothing waits, everybody has synced. */
function storedGroup(groupId: string, value: GroupMetadataValue): ClassicGroup {
  let group: ClassicGroup = {
    ...newGroup(groupId),
    phase: value.members.length === 0 ? 'Empty' : 'Stable',
    generation: value.generation,
    protocolType: value.protocolType === '' ? null : value.protocolType,
    protocolName: value.protocol,
    leaderId: value.leader,
    stateChangedMs: value.currentStateTimestamp < 0n ? null : Number(value.currentStateTimestamp),
  }
  for (const stored of value.members) {
    const member: Member = {
      id: stored.memberId,
      instanceId: stored.groupInstanceId,
      clientId: stored.clientId,
      clientHost: stored.clientHost,
      sessionTimeoutMs: stored.sessionTimeout,
      rebalanceTimeoutMs: stored.rebalanceTimeout < 0 ? stored.sessionTimeout : stored.rebalanceTimeout,
      protocols: [{ name: value.protocol ?? '', metadata: stored.subscription }],
      assignment: stored.assignment,
      joining: null,
      syncing: null,
      hasSynced: true,
      isNew: false,
    }
    group = withMember(group, member)
  }
  return group
}

type ForeignRecord = Exclude<
  GroupRecord,
  { readonly type: 'OffsetCommit' | 'LegacyOffsetCommit' | 'GroupMetadata' }
>

/** Notes which groups of newer kinds are there: their metadata's record says so, and its tombstone that they are gone. */
function withForeign(state: GroupsState, record: ForeignRecord): GroupsState {
  const kind = foreignKind(record.type)
  if (kind === null) return state
  const { groupId } = record.key
  if (record.value === null) return { ...state, foreign: state.foreign.without(groupId) }
  return {
    ...state,
    foreign: state.foreign.with(groupId, kind),
    groups: state.groups.without(groupId),
  }
}

function foreignKind(type: ForeignRecord['type']): ForeignGroupKind | null {
  switch (type) {
    case 'ConsumerGroupMetadata':
      return 'consumer'
    case 'ShareGroupMetadata':
      return 'share'
    case 'StreamsGroupMetadata':
      return 'streams'
    default:
      return null
  }
}
