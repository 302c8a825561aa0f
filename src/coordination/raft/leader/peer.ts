/**
 * What a leader believes of another node: how far its log agrees, and how it is being brought further.
 *
 * Mutable, and only the leader's own; a new leader believes nothing. `matchedOffset` is what the node has promised to
 * have on its disk; only another disk takes it back.
 */
import type { LogEnd, ReplicaKey, SnapshotId } from '../message.ts'

export type PeerMode =
  /** Where do the logs agree? One question at a time. */
  | { readonly kind: 'probe' }
  /** They agree up to `nextOffset` once all that was sent has arrived: entries go out without waiting. */
  | { readonly kind: 'replicate' }
  /** What it lacks is only in a snapshot. */
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotId; readonly position: number }

export interface Peer {
  readonly id: number
  /** Its disk, as far as it is known. */
  replica: ReplicaKey
  mode: PeerMode
  /** Everything before was sent, or is asked for. */
  nextOffset: number
  matchedOffset: number
  appliedOffset: number
  /** Of the newest message to it. */
  round: number
  /** Answers to older rounds speak of what was thought before the last change of mode. */
  firstRoundOfMode: number
  /** The host reads entries for it, in this round; null when it does not. */
  readingRound: number | null
  /** Ends of what was sent and not answered, oldest first. */
  unanswered: number[]
  toldHighWatermark: number
  /** Heard since the last check of the quorum. */
  isHeard: boolean
  /** Heartbeats since the last answer about a snapshot. */
  silentHeartbeats: number
  /** An observer whose stream has gone while the host was reading for it. */
  isGone: boolean
}

/** A node of which nothing is known but its id. */
export function unknownPeer(replica: ReplicaKey, log: LogEnd): Peer {
  return {
    id: replica.id,
    replica,
    mode: { kind: 'probe' },
    nextOffset: log.endOffset,
    matchedOffset: -1,
    appliedOffset: -1,
    round: 0,
    firstRoundOfMode: 1,
    readingRound: null,
    unanswered: [],
    toldHighWatermark: -1,
    isHeard: false,
    silentHeartbeats: 0,
    isGone: false,
  }
}
