/**
 * How a leader brings one node's log to its own (Raft §5.3, §10.2.1 of Ongaro 2014; KIP-595; KIP-630).
 *
 * Probe until the logs agree at a point, then send without waiting for answers, a bounded number of rounds; what lies
 * before the log's beginning comes as a snapshot, a piece at a time. Every heartbeat names the point that the node should
 * have reached, so that a lost round shows as a divergence. It decides nothing about commits.
 */
import { assert } from '../assert.ts'
import { raftLimits } from '../limits.ts'
import type { LogEnd, SnapshotId } from '../message.ts'
import type { NodeState } from '../node-state.ts'
import type { Peer } from './peer.ts'

export class Replication {
  readonly #node: NodeState

  constructor(node: NodeState) {
    this.#node = node
  }

  /** Asks whether the node's log agrees at `offset`. */
  probe(peer: Peer, offset: number): void {
    this.stop(peer)
    peer.nextOffset = offset
    this.heartbeat(peer)
  }

  /** Sends nothing until the next heartbeat asks where the logs agree: the stream has gone, or entries cannot be read. */
  stop(peer: Peer): void {
    peer.mode = { kind: 'probe' }
    peer.unanswered = []
    peer.firstRoundOfMode = peer.round + 1
  }

  /** Says that this node leads, what is committed, and which point the other should have reached. */
  heartbeat(peer: Peer): void {
    const { log } = this.#node
    if (peer.mode.kind === 'snapshot') {
      this.#ask(peer, peer.mode.snapshot)
      return
    }
    const previous = log.pointAt(peer.nextOffset)
    if (previous === null) this.#beginSnapshot(peer)
    else this.#ask(peer, previous)
  }

  /** The heartbeat timer rang: also what was not answered for long is sent again. */
  tick(peer: Peer): void {
    this.heartbeat(peer)
    if (peer.mode.kind !== 'snapshot') return
    if (++peer.silentHeartbeats < raftLimits.chunkRetryHeartbeats) return
    const { snapshot } = this.#node
    // The piece may have been lost, or the file may have gone for a newer one.
    if (snapshot !== null && snapshot.endOffset > peer.mode.snapshot.endOffset) this.#beginSnapshot(peer)
    else this.#sendChunk(peer, peer.mode.snapshot, peer.mode.position)
  }

  /** Has the host send what there is, unless it still reads for this node or too much is unanswered. */
  pump(peer: Peer): void {
    const { log, epoch, highWatermark } = this.#node
    if (peer.mode.kind !== 'replicate' || peer.readingRound !== null) return
    if (peer.nextOffset >= log.endOffset || peer.unanswered.length >= raftLimits.unansweredRoundsMax) return
    const previous = log.pointAt(peer.nextOffset)
    if (previous === null) {
      this.#beginSnapshot(peer)
      return
    }
    peer.readingRound = ++peer.round
    peer.toldHighWatermark = highWatermark
    this.#node.emit({
      type: 'send-entries',
      to: peer.id,
      epoch,
      previous,
      upperBoundOffset: log.endOffset,
      round: peer.round,
    })
  }

  /** The host has sent up to `endOffset`; a smaller one than was begun with says that it could not. */
  entriesSent(peer: Peer, endOffset: number): void {
    assert(endOffset <= this.#node.log.endOffset, 'only entries of the log are sent')
    const isOfMode = peer.readingRound !== null && peer.readingRound >= peer.firstRoundOfMode
    peer.readingRound = null
    if (isOfMode && endOffset <= peer.nextOffset) {
      // What could not be read or sent now is tried again after a heartbeat, from a point that is asked for anew.
      this.stop(peer)
      if (this.#node.log.pointAt(peer.nextOffset) === null) this.#beginSnapshot(peer)
      else peer.nextOffset = this.#node.log.endOffset
      return
    }
    if (isOfMode) {
      peer.nextOffset = endOffset
      peer.unanswered.push(endOffset)
    }
    this.pump(peer)
    this.tellHighWatermark(peer)
  }

  /** A node to which nothing is being sent hears at once of what is committed. */
  tellHighWatermark(peer: Peer): void {
    const isIdle = peer.mode.kind === 'replicate' && peer.readingRound === null
    if (isIdle && peer.toldHighWatermark < this.#node.highWatermark) this.heartbeat(peer)
  }

  /** The node's log agrees up to `endOffset`, on its disk. */
  accepted(peer: Peer, round: number, endOffset: number): void {
    peer.matchedOffset = Math.max(peer.matchedOffset, endOffset)
    peer.unanswered = peer.unanswered.filter((sent) => sent > peer.matchedOffset)
    if (peer.mode.kind !== 'replicate' && round >= peer.firstRoundOfMode) {
      if (peer.mode.kind === 'snapshot') peer.nextOffset = peer.mode.snapshot.endOffset
      peer.mode = { kind: 'replicate' }
      peer.firstRoundOfMode = peer.round + 1
    }
    if (peer.readingRound === null) peer.nextOffset = Math.max(peer.nextOffset, peer.matchedOffset)
    this.pump(peer)
    this.tellHighWatermark(peer)
  }

  /**
   * The node does not hold the point it was asked about; `log` is the end of its largest epoch not above that point's.
   * The logs cannot agree beyond the end here of the largest epoch not above that one, so each step leaves at least one
   * epoch behind.
   */
  diverged(peer: Peer, round: number, log: LogEnd): void {
    if (round < peer.firstRoundOfMode || peer.mode.kind === 'snapshot') return
    const offset = this.#node.log.lastAgreement(log)
    // One that has the point and denies it says nothing.
    if (offset < peer.nextOffset) this.probe(peer, offset)
  }

  /** It asks for entries by the end of its log. */
  attached(peer: Peer, log: LogEnd): void {
    if (peer.mode.kind !== 'probe') {
      this.heartbeat(peer)
      return
    }
    const known = this.#node.log.lastAgreement(log)
    this.probe(peer, Math.min(peer.nextOffset, Math.max(known, peer.matchedOffset)))
  }

  /** The node wants the piece at `nextPosition`, or has made the snapshot the beginning of its log. */
  chunkAnswered(peer: Peer, snapshot: SnapshotId, nextPosition: number, installed: boolean): void {
    const { mode } = peer
    if (mode.kind !== 'snapshot') return
    if (mode.snapshot.endOffset !== snapshot.endOffset || mode.snapshot.epoch !== snapshot.epoch) return
    peer.silentHeartbeats = 0
    if (installed) {
      peer.matchedOffset = Math.max(peer.matchedOffset, snapshot.endOffset)
      this.probe(peer, Math.max(snapshot.endOffset, peer.matchedOffset))
      return
    }
    // The piece that is under way is no news, and one before it is an old answer, unless all begins again.
    if (nextPosition > mode.position || (nextPosition === 0 && mode.position > 0)) {
      this.#sendChunk(peer, snapshot, nextPosition)
    }
  }

  #ask(peer: Peer, previous: LogEnd): void {
    const { epoch, self, highWatermark } = this.#node
    peer.toldHighWatermark = highWatermark
    this.#node.send(peer.id, {
      type: 'append-request',
      epoch,
      leaderId: self.id,
      previous,
      spans: [],
      batches: [],
      highWatermark,
      round: ++peer.round,
    })
  }

  #beginSnapshot(peer: Peer): void {
    const { snapshot } = this.#node
    assert(snapshot !== null, 'a log that does not begin at 0 has a snapshot')
    peer.unanswered = []
    peer.firstRoundOfMode = peer.round + 1
    this.#sendChunk(peer, snapshot, 0)
  }

  #sendChunk(peer: Peer, snapshot: SnapshotId, position: number): void {
    peer.mode = { kind: 'snapshot', snapshot, position }
    peer.silentHeartbeats = 0
    const { epoch } = this.#node
    this.#node.emit({ type: 'send-snapshot', to: peer.id, epoch, snapshot, position })
  }
}
