/**
 * The hand-over of leadership (Ongaro 2014, §3.10): to whom, and when it may stand for election.
 *
 * The target is told once it has all that the leader had when it was asked; a target that does not come that far, or does
 * not win, is given up after some heartbeats, and this node leads on.
 */
import { raftLimits } from '../limits.ts'
import type { Peer } from './peer.ts'

export class Transfer {
  readonly target: number
  readonly #endOffset: number
  #heartbeats = 0
  #isTold = false

  /** `endOffset`: the end of the leader's log when it was asked. */
  constructor(target: number, endOffset: number) {
    this.target = target
    this.#endOffset = endOffset
  }

  /** Whether the target is to be told now; true once. */
  takesOver(peer: Peer): boolean {
    if (this.#isTold || peer.matchedOffset < this.#endOffset) return false
    this.#isTold = true
    return true
  }

  /** A heartbeat has passed; true when it has been tried for long enough. */
  isOver(): boolean {
    return ++this.#heartbeats >= raftLimits.transferHeartbeatsMax
  }
}

/** The voter whose log is furthest, one that was heard of late before one that was not; null when there is none. */
export function furthest(voters: readonly Peer[]): Peer | null {
  let best: Peer | null = null
  for (const peer of voters) {
    if (best === null || Number(peer.isHeard) > Number(best.isHeard)) best = peer
    else if (peer.isHeard === best.isHeard && peer.matchedOffset > best.matchedOffset) best = peer
  }
  return best
}
