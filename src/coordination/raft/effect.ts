/**
 * What a Raft node wants done. The host carries effects out in their order.
 *
 * Nothing that an effect promises to another node may be sent before what it promises is on the disk: the machine keeps
 * such messages back until the event that says so, the host needs no rule of its own.
 */
import type { DurableState, RaftTimer } from './event.ts'
import type { LogEnd, RaftMessage, SnapshotId, Voter } from './message.ts'

/** Token of a change that the machine makes by itself; nobody waits for it, and its commit is not told. */
export const NO_TOKEN = -1

export type VoterChangeRefusal =
  /** Only a leader that has committed an entry of its epoch may change voters. */
  | 'not-leader'
  /** An earlier change is not committed yet. */
  | 'change-in-progress'
  /** More than one voter would change, or the set would be empty. */
  | 'not-one-change'
  /** The new voter has not caught up with the log. */
  | 'not-caught-up'

export type RaftEffect =
  /** Write and sync `quorum-state`; answered by `state-persisted`. */
  | { readonly type: 'persist-state'; readonly state: DurableState }
  | { readonly type: 'send'; readonly to: number; readonly message: RaftMessage }
  /**
   * Read batches that begin at `previous.endOffset`, and send them as an append-request of this epoch and round;
   * answered by `entries-sent`. At most one at a time for each node. When the node does not lead that epoch any more by
   * the time they are read, nothing may be sent: the log may be another one by then.
   */
  | {
      readonly type: 'send-entries'
      readonly to: number
      readonly epoch: number
      readonly previous: LogEnd
      readonly upperBoundOffset: number
      readonly round: number
    }
  /** Read a piece of the snapshot from `position` on and send it as a snapshot-chunk. */
  | {
      readonly type: 'send-snapshot'
      readonly to: number
      readonly epoch: number
      readonly snapshot: SnapshotId
      readonly position: number
    }
  /** Append a leader's batches as they are; answered by `log-persisted` (and `voters-appended` where they hold voters). */
  | { readonly type: 'append'; readonly batches: readonly Buffer[]; readonly endOffset: number }
  /** Drop everything from `offset` on; answered by `truncated`. Never below the high watermark: that is an assertion. */
  | { readonly type: 'truncate'; readonly offset: number }
  /** Keep a piece of a snapshot. */
  | {
      readonly type: 'keep-chunk'
      readonly snapshot: SnapshotId
      readonly position: number
      readonly bytes: Buffer
    }
  /** All pieces are there: make the snapshot the beginning of the log; answered by `snapshot-installed`. */
  | { readonly type: 'install-snapshot'; readonly snapshot: SnapshotId }
  /** Entries below are committed; the host applies them. */
  | { readonly type: 'advance-high-watermark'; readonly offset: number }
  /**
   * This node leads: append a LeaderChange batch of the epoch, then serve. When `voters` is not empty a Voters batch
   * follows it: the voters were only configured until now.
   */
  | { readonly type: 'lead'; readonly epoch: number; readonly voters: readonly Voter[] }
  /** It leads no more: what was decided and is not committed is not known to happen; waiters are told. */
  | { readonly type: 'resign'; readonly epoch: number }
  /** Who leads changed, as far as this node knows. */
  | { readonly type: 'leader-known'; readonly leaderId: number | null; readonly epoch: number }
  /**
   * Append a Voters batch; answered by `appended` and `voters-appended`. With `NO_TOKEN` the machine itself writes down
   * the disks of voters that were only configured.
   */
  | { readonly type: 'append-voters'; readonly token: number; readonly voters: readonly Voter[] }
  | { readonly type: 'voters-refused'; readonly token: number; readonly reason: VoterChangeRefusal }
  /** The change of that token is committed. */
  | { readonly type: 'voters-committed'; readonly token: number }
  /** See whether anybody listens where the node should; answered by `probed`, or never. */
  | { readonly type: 'probe'; readonly peer: number }
  /** Start the timer, or start it again; `soon` is a short random wait instead of the whole time. */
  | { readonly type: 'set-timer'; readonly timer: RaftTimer; readonly soon: boolean }
  | { readonly type: 'cancel-timer'; readonly timer: RaftTimer }
