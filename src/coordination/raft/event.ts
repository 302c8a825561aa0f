/**
 * What happens to a Raft node. Time, disk and network reach the machine only through these.
 */
import type { EntrySpan, RaftMessage, ReplicaKey, SnapshotId, Voter } from './message.ts'

/** Timers of the machine; the host draws the randomised length of `election`. */
export type RaftTimer =
  /** No word of a leader for this long: see whether an election could be won. */
  | 'election'
  /** A leader's: send heartbeats. */
  | 'heartbeat'
  /** A leader's: has a majority been heard of? */
  | 'check-quorum'

/** What must be on the disk before a vote or an epoch is told to anybody (trap 14): the `quorum-state` file. */
export interface DurableState {
  readonly epoch: number
  /** Who got this node's vote in the epoch; null nobody yet. */
  readonly votedFor: ReplicaKey | null
  readonly leaderId: number | null
}

export type RaftEvent =
  | { readonly type: 'message'; readonly from: number; readonly message: RaftMessage }
  | { readonly type: 'timer'; readonly timer: RaftTimer }
  /** The state of the newest `persist-state` effect is on the disk; states reach it in order. */
  | { readonly type: 'state-persisted'; readonly state: DurableState }
  /**
   * As leader, the host has put entries at the end of the log; not on the disk yet. Until it is told of them the machine
   * takes the log to end before them: what was not told when it says `resign` the host drops, before anything follows.
   */
  | { readonly type: 'appended'; readonly span: EntrySpan }
  /**
   * The log is on the disk up to here. What comes after `truncated` or `snapshot-installed` speaks of the log as it is
   * from then on: a sync that began before counts only up to the cut.
   */
  | { readonly type: 'log-persisted'; readonly endOffset: number }
  /** The cut asked for by `truncate` is on the disk. */
  | { readonly type: 'truncated'; readonly endOffset: number }
  /** Entries up to here have been applied: what this node serves. */
  | { readonly type: 'applied'; readonly offset: number }
  /** The host has read and sent the entries of a `send-entries` effect, up to `endOffset`; -1: it could not. */
  | { readonly type: 'entries-sent'; readonly to: number; readonly epoch: number; readonly endOffset: number }
  /**
   * The log at `offset` holds a set of voters: it counts from the append on, committed or not. Told right after
   * `appended`, or after the `append` effect that brought it, before `log-persisted` says that it is on the disk.
   */
  | { readonly type: 'voters-appended'; readonly offset: number; readonly voters: readonly Voter[] }
  /** This node has written a snapshot of its own and may have dropped the log before it. */
  | {
      readonly type: 'snapshot-written'
      readonly snapshot: SnapshotId
      readonly logStartOffset: number
      readonly voters: readonly Voter[]
    }
  /** A snapshot from the leader has replaced the log; null: what came was not whole. */
  | {
      readonly type: 'snapshot-installed'
      readonly snapshot: SnapshotId | null
      readonly voters: readonly Voter[]
    }
  /** The stream to a node is there, or is gone: a hint that it may be dead, never a proof. */
  | { readonly type: 'connected'; readonly peer: number }
  | { readonly type: 'disconnected'; readonly peer: number }
  /** What `probe` found: whether connections are taken where the node listens; if not, its process is gone. */
  | { readonly type: 'probed'; readonly peer: number; readonly isListening: boolean }
  /** The operator, or a stop, wants another leader; null: whoever is furthest. */
  | { readonly type: 'transfer-leadership'; readonly to: number | null }
  /** The operator wants another set of voters; at most one is added, removed or changed. Refused as an effect. */
  | { readonly type: 'change-voters'; readonly token: number; readonly voters: readonly Voter[] }
