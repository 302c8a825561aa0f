/**
 * The shape of a Raft node: what it is told at its start, what it may be asked, what it shows.
 *
 * Everything else reaches it as events and leaves it as effects.
 */
import type { RaftEffect } from './effect.ts'
import type { DurableState, RaftEvent } from './event.ts'
import type { EntrySpan, LogEnd, ReplicaKey, SnapshotId, Voter } from './message.ts'

/** What a node knows when it starts: from `quorum-state`, its log (all of it synced) and its newest snapshot. */
export interface RaftFacts {
  readonly self: ReplicaKey
  readonly state: DurableState
  /** Epochs of the log, oldest first, contiguous; empty for an empty log. */
  readonly spans: readonly EntrySpan[]
  readonly snapshot: SnapshotId | null
  /** First offset that the log holds. */
  readonly logStartOffset: number
  /** Sets of voters, oldest first: of the configuration (offset -1), the snapshot, the log. The last one counts. */
  readonly voters: readonly { readonly offset: number; readonly voters: readonly Voter[] }[]
}

export type RaftRole = 'observer' | 'follower' | 'pre-candidate' | 'candidate' | 'leader'

/** What a leader believes of another node, for DescribeQuorum and for replies that wait until all serve a change. */
export interface ReplicaProgress {
  readonly replica: ReplicaKey
  readonly isVoter: boolean
  /** On its disk and equal to ours; -1 unknown. */
  readonly matchedOffset: number
  readonly appliedOffset: number
}

export interface RaftStatus {
  readonly role: RaftRole
  readonly epoch: number
  readonly leaderId: number | null
  readonly votedFor: ReplicaKey | null
  readonly highWatermark: number
  readonly log: LogEnd
  readonly voters: readonly Voter[]
  /** Empty unless this node leads. */
  readonly progress: readonly ReplicaProgress[]
}

export interface RaftMachine {
  /** Called once, before any event: sets timers, and with a single voter that is this node stands for election at once. */
  start(): readonly RaftEffect[]
  receive(event: RaftEvent): readonly RaftEffect[]
  readonly status: RaftStatus
}
