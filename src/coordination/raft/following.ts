/**
 * A leader's log, taken over: what follower and observer do with entries and snapshots (Raft §5.3, §7; KIP-595).
 *
 * An answer says `accepted` only up to what is on this disk and known to be the leader's. The high watermark is the
 * leader's, as far as this log is known to agree and is on the disk. Batches are opaque, so a piece that is here in
 * part is not cut: its rest is left, and the leader's next point shows that it lacks.
 */
import type { RaftMessage, SnapshotId } from './message.ts'
import type { NodeState } from './node-state.ts'

type AppendRequest = Extract<RaftMessage, { type: 'append-request' }>
type SnapshotChunk = Extract<RaftMessage, { type: 'snapshot-chunk' }>
type Outcome = Extract<RaftMessage, { type: 'append-response' }>['outcome']

function isSameSnapshot(a: SnapshotId, b: SnapshotId): boolean {
  return a.endOffset === b.endOffset && a.epoch === b.epoch
}

export class Following {
  /** Null while no leader of this epoch has spoken. */
  readonly leaderId: number | null
  readonly #node: NodeState
  /** Up to here the log is known to be the leader's. */
  #agreedOffset = 0
  #leaderHighWatermark = 0
  /** Newest round that was agreed to; -1 before the first. */
  #round = -1
  /** Entries wait for the disk, and the leader for the answer. */
  #owesAnswer = false
  #answeredOffset = -1
  #incoming: { readonly snapshot: SnapshotId; readonly position: number } | null = null

  constructor(node: NodeState, leaderId: number | null) {
    this.#node = node
    this.leaderId = leaderId
  }

  append(message: AppendRequest): void {
    const node = this.#node
    if (node.installing !== null) {
      // Only to say that it lives: the leader knows that this point is on its way.
      if (isSameSnapshot(message.previous, node.installing)) this.#answerDiverged(message)
      return
    }
    if (!node.log.holds(message.previous)) {
      this.#answerDiverged(message)
      return
    }
    const agreedOffset = this.#takeEntries(message)
    this.#agreedOffset = Math.max(this.#agreedOffset, agreedOffset)
    this.#leaderHighWatermark = Math.max(this.#leaderHighWatermark, message.highWatermark)
    this.#round = Math.max(this.#round, message.round)
    this.#advanceHighWatermark()
    if (message.spans.length > 0 && agreedOffset > node.persistedOffset) this.#owesAnswer = true
    else this.#answerAccepted(message.round)
  }

  chunk(message: SnapshotChunk): void {
    const node = this.#node
    const { snapshot } = message
    if (node.installing !== null) {
      // It has all of it: the same answer again, which is no news to the leader.
      if (isSameSnapshot(snapshot, node.installing)) this.#answerChunk(snapshot, message.position, false)
      return
    }
    if (node.log.holds(snapshot) && node.persistedOffset >= snapshot.endOffset) {
      this.#answerChunk(snapshot, message.position, true)
      return
    }
    if (snapshot.endOffset <= node.highWatermark) return
    const isSame = this.#incoming !== null && isSameSnapshot(this.#incoming.snapshot, snapshot)
    const wanted = isSame ? (this.#incoming?.position ?? 0) : 0
    if (message.position !== wanted) {
      this.#answerChunk(snapshot, wanted, false)
      return
    }
    const { position, bytes } = message
    node.emit({ type: 'keep-chunk', snapshot, position, bytes })
    const nextPosition = position + bytes.length
    this.#incoming = { snapshot, position: nextPosition }
    if (!message.isLast) this.#answerChunk(snapshot, nextPosition, false)
    else {
      this.#incoming = null
      node.install(snapshot)
    }
  }

  /** The log on the disk has grown. */
  persisted(): void {
    this.#advanceHighWatermark()
    if (!this.#owesAnswer || this.#acceptedOffset <= this.#answeredOffset) return
    this.#owesAnswer = this.#node.persistedOffset < this.#agreedOffset
    this.#answerAccepted(this.#round)
  }

  /** What this node serves has grown: the leader may have clients that wait for it. */
  applied(): void {
    if (this.#round >= 0) this.#answerAccepted(this.#round)
  }

  /** The outcome of an installation, which may have begun under an earlier leader. */
  installed(asked: SnapshotId, isInstalled: boolean): void {
    this.#owesAnswer = false
    if (isInstalled) this.#agreedOffset = Math.max(this.#agreedOffset, asked.endOffset)
    this.#answerChunk(asked, 0, isInstalled)
  }

  /** Says to the leader, or to whom may know it, that this node wants its log. */
  attach(to: number): void {
    const { epoch, self: replica, log } = this.#node
    this.#node.send(to, { type: 'attach', epoch, replica, log: log.end })
  }

  /** Appends what is new, after cutting what the leader's log contradicts; gives how far the logs agree now. */
  #takeEntries(message: AppendRequest): number {
    const { log } = this.#node
    const { previous, spans, batches } = message
    const endOffset = spans.at(-1)?.endOffset ?? previous.endOffset
    const agreedOffset = log.agreedEnd(previous.endOffset, spans)
    if (agreedOffset === endOffset) return endOffset
    if (agreedOffset < log.endOffset) this.#node.truncate(agreedOffset)
    if (agreedOffset !== previous.endOffset) return agreedOffset
    this.#node.append(spans, batches)
    return endOffset
  }

  #advanceHighWatermark(): void {
    const { persistedOffset } = this.#node
    this.#node.advanceHighWatermark(Math.min(this.#leaderHighWatermark, this.#agreedOffset, persistedOffset))
  }

  /** What may be promised: equal to the leader's, and on the disk. */
  get #acceptedOffset(): number {
    return Math.min(this.#agreedOffset, this.#node.persistedOffset)
  }

  #answerAccepted(round: number): void {
    const endOffset = this.#acceptedOffset
    this.#answeredOffset = endOffset
    this.#answer(round, { kind: 'accepted', endOffset })
  }

  #answerDiverged({ round, previous }: AppendRequest): void {
    const { log } = this.#node
    // Nothing here is of so low an epoch: all that is left is the point where the log begins.
    const end = log.endOfEpoch(previous.epoch) ?? { endOffset: log.startOffset, epoch: previous.epoch }
    this.#answer(round, { kind: 'diverged', log: end })
  }

  #answer(round: number, outcome: Outcome): void {
    if (this.leaderId === null) return
    const { epoch, self: replica, appliedOffset } = this.#node
    this.#node.send(this.leaderId, { type: 'append-response', epoch, replica, round, outcome, appliedOffset })
  }

  #answerChunk(snapshot: SnapshotId, nextPosition: number, installed: boolean): void {
    if (this.leaderId === null) return
    const { epoch, self: replica } = this.#node
    this.#node.send(this.leaderId, {
      type: 'snapshot-response',
      epoch,
      replica,
      snapshot,
      nextPosition,
      installed,
    })
  }
}
