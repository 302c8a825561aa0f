/**
 * Moves a partition between two directories of this broker (AlterReplicaLogDirs, KIP-113): copies batch for
 * batch into a future log while the old one goes on serving, and swaps when nothing is missing.
 *
 * It gives way when either log fails or is cut; the swap happens within one turn, so no append falls between.
 */

import type { Clock } from '../runtime/clock.ts'
import { limits } from '../runtime/limits.ts'
import type { Log } from './log.ts'
import type { LogManager } from './log-manager.ts'

export type MoveOutcome =
  | { readonly kind: 'moved'; readonly log: Log }
  | { readonly kind: 'given-up'; readonly reason: string }

export class ReplicaMove {
  readonly #manager: LogManager
  readonly #clock: Clock
  readonly #topic: string
  readonly #partition: number
  readonly #done: (outcome: MoveOutcome) => void
  #isOver = false

  /** `createFuture` has been called, now or before a restart. `done` is told of the end, once. */
  constructor(
    manager: LogManager,
    clock: Clock,
    topic: string,
    partition: number,
    done: (outcome: MoveOutcome) => void,
  ) {
    this.#manager = manager
    this.#clock = clock
    this.#topic = topic
    this.#partition = partition
    this.#done = done
  }

  start(): void {
    this.#step()
  }

  /** Ends the move and drops the copy. */
  cancel(): void {
    if (this.#isOver) return
    this.#manager.abandonFuture(this.#topic, this.#partition)
    this.#end({ kind: 'given-up', reason: 'cancelled' })
  }

  #end(outcome: MoveOutcome): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#done(outcome)
  }

  /** Other work goes first: a move has no hurry. */
  #later(delayMs = 0): void {
    this.#clock.schedule(delayMs, () => this.#step())
  }

  #step(): void {
    if (this.#isOver) return
    const source = this.#manager.log(this.#topic, this.#partition)
    const copy = this.#manager.futureLog(this.#topic, this.#partition)
    if (source === null || copy === null || source.isOffline || copy.isOffline || source.damage !== null) {
      this.#end({ kind: 'given-up', reason: 'a log or its directory is gone' })
      return
    }
    if (copy.logEndOffset < source.logStartOffset || copy.logEndOffset > source.logEndOffset) {
      // The source lost its head to retention, or its tail to a cut: the copy follows.
      const cutTo = Math.max(source.logStartOffset, Math.min(copy.logEndOffset, source.logEndOffset))
      if (copy.logEndOffset < cutTo) copy.truncateFullyAndStartAt(cutTo, () => this.#later())
      else copy.truncateTo(cutTo, () => this.#later())
      return
    }
    const commonEnd = this.#commonEnd(source, copy)
    if (commonEnd < copy.logEndOffset) copy.truncateTo(commonEnd, () => this.#later())
    else if (copy.logEndOffset < source.writtenOffset) this.#copyNext(source, copy)
    else this.#finish(source, copy)
  }

  /** Up to where both hold the same: epochs tell (the source may have been cut and written on since). */
  #commonEnd(source: Log, copy: Log): number {
    const end = source.endOffsetForLeaderEpoch(copy.latestLeaderEpoch)
    return copy.latestLeaderEpoch < 0 || end.endOffset < 0
      ? copy.logEndOffset
      : Math.min(copy.logEndOffset, end.endOffset)
  }

  #copyNext(source: Log, copy: Log): void {
    const options = {
      sizeBytesMax: limits.readChunkBytes,
      upperBoundOffset: source.writtenOffset,
      atLeastOneBatch: true,
      skipsEmptyBatches: false,
    }
    source.read(copy.logEndOffset, options, (outcome) => {
      if (!outcome.ok || this.#isOver) {
        if (!outcome.ok) this.#end({ kind: 'given-up', reason: outcome.message })
        else outcome.release()
        return
      }
      // The log owns what it appends until it is written; the read buffers are needed back at once.
      const bytes = Buffer.concat(outcome.buffers)
      outcome.release()
      const nowMs = this.#clock.wallMs()
      const appended = copy.append(bytes, { origin: 'replica', leaderEpoch: Number.MAX_SAFE_INTEGER, nowMs })
      if (!appended.ok) this.#later(limits.replicaMoveRetryMs)
      else copy.whenDurable(() => this.#later())
    })
  }

  /** The copy has everything that is written; when nothing more is on its way, it takes over. */
  #finish(source: Log, copy: Log): void {
    if (source.logEndOffset !== copy.logEndOffset || copy.durableOffset !== copy.logEndOffset) {
      copy.whenDurable(() => this.#later(1))
      return
    }
    copy.setLogStart(source.logStartOffset)
    const log = this.#manager.promoteFuture(this.#topic, this.#partition)
    if (log === null) this.#later(limits.replicaMoveRetryMs)
    else this.#end({ kind: 'moved', log })
  }
}
