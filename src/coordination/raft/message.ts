/**
 * What quorum nodes say to each other: votes, entries, snapshots, the call to take over.
 *
 * Offsets are those of the metadata log, so one entry may be a batch of many records; an epoch is Raft's term. A
 * message is a value: what carries it (gRPC, a story, a simulation) adds only the sender. `batches` are opaque here, the
 * spans beside them say all that Raft needs.
 */
import { ZERO_UUID } from '../../protocol/uuid.ts'

/** A node by its life on one disk: an id whose disk was lost comes back with another directory (KIP-853). */
export interface ReplicaKey {
  readonly id: number
  /** base64url; `UNKNOWN_DIRECTORY` of a voter that was only ever named by configuration. */
  readonly directoryId: string
}

/** Stands for a directory that is not known yet; matches every one. */
export const UNKNOWN_DIRECTORY = ZERO_UUID

export interface VoterEndpoint {
  readonly name: string
  readonly host: string
  readonly port: number
}

export interface Voter extends ReplicaKey {
  readonly endpoints: readonly VoterEndpoint[]
}

/** Entries of one epoch that follow each other: `[baseOffset, endOffset)`. */
export interface EntrySpan {
  readonly epoch: number
  readonly baseOffset: number
  readonly endOffset: number
}

/** Where a log ends: one past its last offset, and the epoch of its last entry (0, 0 for an empty one). */
export interface LogEnd {
  readonly endOffset: number
  readonly epoch: number
}

export interface SnapshotId {
  /** One past the last offset that the snapshot holds. */
  readonly endOffset: number
  readonly epoch: number
}

export type RaftMessage =
  /** Asks for a vote; with `isPreVote` only whether one would be given (nothing is promised, no epoch moves). */
  | {
      readonly type: 'vote-request'
      readonly epoch: number
      readonly isPreVote: boolean
      readonly candidate: ReplicaKey
      /** Who is asked: a node that is not this one, disk included, does not answer. */
      readonly voter: ReplicaKey
      readonly log: LogEnd
      /** The leader itself has asked the candidate to take over: a live leader is no reason to refuse. */
      readonly isTransfer: boolean
    }
  | {
      readonly type: 'vote-response'
      readonly epoch: number
      readonly isPreVote: boolean
      readonly voter: ReplicaKey
      readonly granted: boolean
      readonly leaderId: number | null
    }
  /** Entries after `previous`, or none: then it is a heartbeat. */
  | {
      readonly type: 'append-request'
      readonly epoch: number
      readonly leaderId: number
      readonly previous: LogEnd
      readonly spans: readonly EntrySpan[]
      readonly batches: readonly Buffer[]
      readonly highWatermark: number
      /** Grows with every message of this leader to this node; the answer tells it back. */
      readonly round: number
    }
  | {
      readonly type: 'append-response'
      readonly epoch: number
      readonly replica: ReplicaKey
      readonly round: number
      /**
       * `accepted`: its log agrees with the leader's up to `endOffset`, all of it on its disk. `diverged`: the log does
       * not hold `previous`; `log` is the end of the largest epoch it has that is not above `previous.epoch`.
       */
      readonly outcome:
        | { readonly kind: 'accepted'; readonly endOffset: number }
        | { readonly kind: 'diverged'; readonly log: LogEnd }
      /** One past the last offset that this node has applied: what it serves. */
      readonly appliedOffset: number
    }
  /** One piece of a snapshot, from byte `position` on. */
  | {
      readonly type: 'snapshot-chunk'
      readonly epoch: number
      readonly leaderId: number
      readonly snapshot: SnapshotId
      readonly position: number
      readonly bytes: Buffer
      readonly isLast: boolean
    }
  /** `nextPosition` is the byte that is wanted next; `installed` when the snapshot has become the log's beginning. */
  | {
      readonly type: 'snapshot-response'
      readonly epoch: number
      readonly replica: ReplicaKey
      readonly snapshot: SnapshotId
      readonly nextPosition: number
      readonly installed: boolean
    }
  /** An observer, or a voter that has just connected, asks the leader for entries from the end of its log on. */
  | {
      readonly type: 'attach'
      readonly epoch: number
      readonly replica: ReplicaKey
      readonly log: LogEnd
    }
  /**
   * To one who took the sender for the leader, or itself for one in an epoch that is over: who leads as far as the sender
   * knows. And from a new leader to those who have a stream with it and no vote: now they can attach.
   */
  | {
      readonly type: 'leader-hint'
      readonly epoch: number
      readonly leaderId: number | null
      /** Where that leader is reached, which a node that is new may not know (KIP-853's node endpoints). */
      readonly leaderAt?: Pick<VoterEndpoint, 'host' | 'port'>
    }
  /** The leader hands over: stand for election now, without a pre-vote. */
  | { readonly type: 'take-over'; readonly epoch: number; readonly leaderId: number }
