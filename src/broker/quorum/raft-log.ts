/**
 * The metadata log as a Raft node's host uses it: appends, cuts and what the disk says about them, in order.
 *
 * An entry of this node is announced only once it is in the file, so that what a full disk takes back was never there
 * for Raft. What must get in (the leader's entries on a follower, control batches of a leader) waits here until there
 * is room; decisions do not wait, their commands are told. It never appends while the log is being cut.
 */
import type { EntrySpan } from '../../coordination/raft/message.ts'
import { errorCode } from '../../protocol/errors.ts'
import { baseOffset, batchSizeBytes } from '../../protocol/records/batch.ts'
import { limits } from '../../runtime/limits.ts'
import type { LogListener } from '../../storage/log-listener.ts'
import type { PartitionLog } from '../../storage/partition-log.ts'
import type { LogSlice } from '../../storage/read-outcome.ts'
import type { QuorumWorld } from './raft-quorum-options.ts'

export interface RaftLogListener {
  /** Everything below is in the file. */
  written(endOffset: number): void
  /** Everything below that Raft knows of is on the disk. */
  persisted(endOffset: number): void
  /** Decisions from this offset on are not in the log, for want of room. */
  takenBack(fromOffset: number): void
  /** The log is broken for good. */
  failed(reason: string): void
}

/** An entry of this node that is on its way to the file; `announce` runs when it is there. */
interface OwnEntry {
  readonly span: EntrySpan
  readonly announce: (span: EntrySpan) => void
  /** A control batch, to be appended again when it was taken back. */
  readonly control: ControlEntry | null
}

interface ControlEntry {
  readonly batch: () => Buffer
  readonly epoch: number
  readonly announce: (span: EntrySpan) => void
}

interface ReplicaEntries {
  readonly batches: Buffer
  readonly endOffset: number
  readonly epoch: number
  /** The log has them, in memory at least. */
  isQueued: boolean
}

/** `full`: the log takes nothing now; `too-large`: it will never take this batch. */
export type DecisionAppend = EntrySpan | 'full' | 'too-large'

export class RaftLog implements LogListener {
  readonly #log: PartitionLog
  readonly #world: QuorumWorld
  readonly #listener: RaftLogListener
  #own: OwnEntry[] = []
  #controls: ControlEntry[] = []
  #replica: ReplicaEntries[] = []
  /** Of entries that are not in the file, those that wait for a cut included. */
  #replicaBytes = 0
  /** Where the log ends for Raft; own entries that are not announced lie behind. */
  #knownEndOffset: number
  #isCutting = false
  /** Cuts that are not done: until then the disk may speak of what is being cut. */
  #cutsPending = 0
  #waiting: Array<() => void> = []
  /** The log took appends back, and why is about to be known. */
  #isFailing = false
  #retryIsSet = false
  #isClosed = false

  constructor(log: PartitionLog, world: QuorumWorld, listener: RaftLogListener) {
    this.#log = log
    this.#world = world
    this.#listener = listener
    this.#knownEndOffset = log.logEndOffset
    log.setListener(this)
  }

  get startOffset(): number {
    return this.#log.logStartOffset
  }

  /** Where the next decision will stand. */
  get endOffset(): number {
    return this.#log.logEndOffset
  }

  get writtenOffset(): number {
    return this.#log.writtenOffset
  }

  get isBroken(): boolean {
    return this.#log.isOffline || this.#log.damage !== null
  }

  /** The epoch of the entry before `offset`; -1 when the log does not hold it. */
  epochBefore(offset: number): number {
    return offset <= this.#log.logStartOffset ? -1 : this.#log.leaderEpochOf(offset - 1)
  }

  /** Appends the batch of one decision. */
  appendDecision(batch: Buffer, epoch: number, announce: (span: EntrySpan) => void): DecisionAppend {
    if (this.#isCutting || this.#isFailing || this.#isClosed) return 'full'
    return this.#appendOwn(batch, epoch, announce, null)
  }

  /** Appends a control batch of a leader, again and again until it is in, or until `forgetOwn`. */
  appendControl(batch: () => Buffer, epoch: number, announce: (span: EntrySpan) => void): void {
    this.#controls.push({ batch, epoch, announce })
    this.#whenUncut(() => this.#pumpControls())
  }

  /** Entries as the leader sent them; they follow the end of the log as Raft knows it. */
  appendReplica(batches: Buffer, endOffset: number, epoch: number): void {
    this.#knownEndOffset = endOffset
    this.#replicaBytes += batches.length
    if (this.#replicaBytes > limits.quorumWaitingEntriesBytesMax)
      this.#listener.failed('the disk does not keep up with the entries of the leader')
    this.#whenUncut(() => {
      this.#replica.push({ batches, endOffset, epoch, isQueued: false })
      this.#pumpReplica()
    })
  }

  /** Drops everything from `offset` on; `done` when that is on the disk. */
  truncate(offset: number, done: () => void): void {
    this.#knownEndOffset = Math.min(this.#knownEndOffset, offset)
    this.#cut(
      (cut) => {
        this.#cutReplica(offset)
        this.#log.truncateTo(offset, cut)
      },
      () => {
        done()
        this.#tellPersisted()
      },
    )
  }

  /** Drops everything; the log goes on, empty, at `offset`. */
  restartAt(offset: number, done: () => void): void {
    this.#knownEndOffset = offset
    this.#cut((cut) => {
      this.#cutReplica(0)
      this.#log.truncateFullyAndStartAt(offset, cut)
    }, done)
  }

  /** This node leads no more: own entries that Raft was never told of go, before anything follows. */
  forgetOwn(): void {
    const first = this.#own[0]
    this.#own = []
    this.#controls = []
    if (first === undefined) return
    const { baseOffset } = first.span
    this.#cut(
      (cut) => this.#log.truncateTo(baseOffset, cut),
      () => this.#tellPersisted(),
    )
  }

  /** The log begins at `offset` from now on; all below is in a snapshot. */
  dropBefore(offset: number): void {
    this.#log.deleteRecordsBefore(offset)
  }

  noteHighWatermark(offset: number): void {
    this.#log.setHighWatermark(offset)
  }

  /** Whole batches from the one that holds `fromOffset` on, all below `upperBoundOffset`; null when they cannot be had. */
  read(fromOffset: number, upperBoundOffset: number, sizeBytesMax: number): Promise<LogSlice | null> {
    return new Promise((resolve) => {
      const options = { sizeBytesMax, upperBoundOffset, atLeastOneBatch: true, skipsEmptyBatches: false }
      this.#log.read(fromOffset, options, (outcome) => resolve(outcome.ok ? outcome : null))
    })
  }

  /** Nothing is appended or told any more. */
  close(): void {
    this.#isClosed = true
    this.#waiting = []
  }

  written(endOffset: number): void {
    if (this.#isClosed) return
    this.#setReplica(this.#replica.filter((entries) => !entries.isQueued || entries.endOffset > endOffset))
    const announced = this.#own.filter(({ span }) => span.endOffset <= endOffset)
    this.#own = this.#own.slice(announced.length)
    const last = announced.at(-1)
    if (last !== undefined) this.#knownEndOffset = Math.max(this.#knownEndOffset, last.span.endOffset)
    for (const { announce, span } of announced) announce(span)
    this.#log.requestDurable()
    this.#listener.written(endOffset)
  }

  durable(endOffset: number): void {
    if (this.#isClosed || this.#cutsPending > 0) return
    this.#listener.persisted(Math.min(endOffset, this.#knownEndOffset))
  }

  failed(fromOffset: number): void {
    if (this.#isClosed) return
    // A disk that failed for good says so right after this: only then is it known what those who wait are told.
    this.#isFailing = true
    this.#world.clock.endOfTurn(() => {
      this.#isFailing = false
      if (this.#isClosed || this.#log.isOffline) return
      this.#takenBack(fromOffset)
      this.#runWaiting()
    })
  }

  #takenBack(fromOffset: number): void {
    const lost = this.#own.filter(({ span }) => span.baseOffset >= fromOffset)
    this.#own = this.#own.filter(({ span }) => span.baseOffset < fromOffset)
    this.#controls.unshift(...lost.flatMap(({ control }) => (control === null ? [] : [control])))
    for (const entries of this.#replica) if (entries.endOffset > fromOffset) entries.isQueued = false
    this.#retryLater()
    this.#listener.takenBack(fromOffset)
  }

  logStartOffsetMoved(): void {}

  offline(reason: string): void {
    if (!this.#isClosed) this.#listener.failed(reason)
  }

  /** After a cut: what the disk said while it was pending was not told. */
  #tellPersisted(): void {
    this.durable(this.#log.durableOffset)
  }

  #appendOwn(
    batch: Buffer,
    epoch: number,
    announce: (span: EntrySpan) => void,
    control: ControlEntry | null,
  ): DecisionAppend {
    this.#log.assignLeaderEpoch(epoch)
    const nowMs = this.#world.clock.wallMs()
    const outcome = this.#log.append(batch, { origin: 'coordinator', leaderEpoch: epoch, nowMs })
    if (!outcome.ok) return outcome.errorCode === errorCode.MESSAGE_TOO_LARGE ? 'too-large' : 'full'
    const span = { epoch, baseOffset: outcome.baseOffset, endOffset: outcome.lastOffset + 1 }
    this.#own.push({ span, announce, control })
    return span
  }

  #pumpControls(): void {
    // What the leader before sent comes first, though there was no room for it yet.
    if (this.#replica.some(({ isQueued }) => !isQueued)) return
    for (let control = this.#controls.shift(); control !== undefined; control = this.#controls.shift()) {
      const appended = this.#appendOwn(control.batch(), control.epoch, control.announce, control)
      if (typeof appended !== 'string') continue
      this.#controls.unshift(control)
      this.#retryLater()
      return
    }
  }

  #pumpReplica(): void {
    for (const entries of this.#replica) {
      if (entries.isQueued) continue
      const outcome = this.#log.append(entries.batches, {
        origin: 'replica',
        leaderEpoch: entries.epoch,
        nowMs: this.#world.clock.wallMs(),
      })
      if (!outcome.ok) {
        this.#retryLater()
        return
      }
      if (this.#log.logEndOffset !== entries.endOffset)
        throw new Error(`the metadata log ends at ${this.#log.logEndOffset} instead of ${entries.endOffset}`)
      entries.isQueued = true
    }
  }

  /** What waits or is on its way to the file, as far as it lies below `offset`. */
  #cutReplica(offset: number): void {
    this.#setReplica(
      this.#replica
        .map((entries) =>
          entries.endOffset <= offset
            ? entries
            : { ...entries, batches: batchesBelow(entries.batches, offset), endOffset: offset },
        )
        .filter(({ batches }) => batches.length > 0),
    )
  }

  #setReplica(replica: ReplicaEntries[]): void {
    const sizeBytes = (all: ReplicaEntries[]): number =>
      all.reduce((sum, { batches }) => sum + batches.length, 0)
    this.#replicaBytes -= sizeBytes(this.#replica) - sizeBytes(replica)
    this.#replica = replica
  }

  #retryLater(): void {
    if (this.#retryIsSet) return
    this.#retryIsSet = true
    this.#world.clock.schedule(limits.quorumDiskRetryMs, () => {
      this.#retryIsSet = false
      if (this.#isClosed || this.isBroken) return
      this.#whenUncut(() => {
        this.#pumpReplica()
        this.#pumpControls()
      })
    })
  }

  #cut(cut: (done: () => void) => void, done: () => void): void {
    this.#cutsPending++
    this.#whenUncut(() => {
      this.#isCutting = true
      cut(() => {
        this.#isCutting = false
        this.#cutsPending--
        if (this.#isClosed) return
        done()
        this.#runWaiting()
      })
    })
  }

  /** Runs the work now, or behind the cut that is under way and what waits for it. */
  #whenUncut(work: () => void): void {
    this.#waiting.push(work)
    this.#runWaiting()
  }

  #runWaiting(): void {
    while (!this.#isCutting && !this.#isFailing && !this.#isClosed) {
      const work = this.#waiting.shift()
      if (work === undefined) return
      work()
    }
  }
}

/** The entries of a log, epoch by epoch, oldest first. Throws when the log does not know its epochs. */
export function epochSpans(log: PartitionLog): EntrySpan[] {
  const spans: EntrySpan[] = []
  let offset = log.logStartOffset
  while (offset < log.logEndOffset) {
    const epoch = log.leaderEpochOf(offset)
    const { endOffset } = log.endOffsetForLeaderEpoch(epoch)
    if (epoch < 0 || endOffset <= offset)
      throw new Error(`the metadata log does not know the epoch of its offset ${offset}`)
    spans.push({ epoch, baseOffset: offset, endOffset })
    offset = endOffset
  }
  return spans
}

/** The whole batches of `batches` that lie below `offset`. */
function batchesBelow(batches: Buffer, offset: number): Buffer {
  let at = 0
  while (at < batches.length && baseOffset(batches, at) < offset) at += batchSizeBytes(batches, at)
  return batches.subarray(0, at)
}
