/**
 * A partition log on disk: ties appender, writer, syncer, reader and producers together and keeps the
 * offsets that its owner sees.
 *
 * It decides nothing itself; each decision has its own file. It never does I/O outside the modules it
 * holds, and never lets a failed write show: what was taken back was never there.
 */
import { DiskError, joinPath } from '../runtime/disk.ts'
import { type AppendOptions, type AppendOutcome, refuse } from './append-outcome.ts'
import { AtomicFile } from './atomic-file.ts'
import { isPassing } from './disk-failures.ts'
import { LogAppender } from './log-appender.ts'
import { LogCheckpointing } from './log-checkpointing.ts'
import type { LogConfig } from './log-config.ts'
import { LEADER_EPOCH_FILE, writeTopicId } from './log-files.ts'
import { deafListener, type LogListener } from './log-listener.ts'
import { moveLogStart } from './log-prefix.ts'
import { LogReader } from './log-reader.ts'
import type { LogState } from './log-state.ts'
import { LogSyncer } from './log-syncer.ts'
import { cutLog, restartLog, settleCut } from './log-truncation.ts'
import { LogUpkeep } from './log-upkeep.ts'
import { LogWriter, type QueuedAppend } from './log-writer.ts'
import type { LogDamage, PartitionLog, ProducerDescription } from './partition-log.ts'
import { lastSequenceOf } from './producer-entry.ts'
import type {
  AbortedTransaction,
  EpochEndOffset,
  ReadOptions,
  ReadOutcome,
  TimestampedOffset,
} from './read-outcome.ts'
import { rebuildIndexes } from './segment-indexes.ts'
import { ErrorCode } from './storage-errors.ts'
import { findMaxTimestamp, findTimestamp } from './timestamp-lookup.ts'
import type { AbortedTransactionEntry } from './transaction-index.ts'
import { TransactionVerifications, type VerificationGuard } from './transaction-verification.ts'

export interface OpenedState {
  readonly state: LogState
  /** Everything below survived a power cut already. */
  readonly durableOffset: number
  /** What the checkpoint file goes on to say of it. */
  readonly recoveryPoint: number
  readonly folderIsNew: boolean
  readonly damage: LogDamage | null
  readonly topicId: string | null
}

export class Log implements PartitionLog {
  readonly state: LogState
  #topicId: string | null
  #listener: LogListener = deafListener
  #damage: LogDamage | null
  #isOffline = false
  #isRetired = false
  #isCutting = false
  #isClosing = false
  readonly #writer: LogWriter
  readonly syncer: LogSyncer
  readonly #appender: LogAppender
  readonly #reader: LogReader
  readonly checkpointing: LogCheckpointing
  readonly upkeep: LogUpkeep
  readonly #verifications = new TransactionVerifications()
  #durableWaiters: Array<{ offset: number; done: (durable: boolean) => void }> = []

  constructor(opened: OpenedState) {
    const { state } = opened
    this.state = state
    this.#topicId = opened.topicId
    this.#damage = opened.damage
    this.#writer = new LogWriter(state.environment, {
      written: (appends) => this.#written(appends),
      takenBack: (appends, error) => this.#takenBack(appends, error),
      diskFailed: (error) => this.#diskFailed(error),
    })
    this.syncer = new LogSyncer(state, opened.durableOffset, opened.folderIsNew, {
      durable: (offset) => this.#durable(offset),
      diskFailed: (error) => this.#diskFailed(error),
    })
    if (opened.durableOffset < state.writtenOffset) {
      // What an unclean stop left in the page cache is not on the disk yet.
      const from = Math.max(0, state.segments.indexOf(opened.durableOffset))
      for (const segment of state.segments.all.slice(from)) this.syncer.noteWritten(segment)
      this.syncer.noteNames()
    }
    this.checkpointing = new LogCheckpointing(state, this.syncer, opened.recoveryPoint, (error) =>
      this.#diskFailed(error),
    )
    this.upkeep = new LogUpkeep(this, {
      diskFailed: (error) => this.#diskFailed(error),
      foundDamage: (offset, reason) => this.#foundDamage(offset, reason),
      logStartMoved: () => this.#listener.logStartOffsetMoved(state.logStartOffset),
    })
    this.#appender = new LogAppender(state, this.#writer, this.#verifications, this.checkpointing)
    this.#reader = new LogReader(state, {
      log: this,
      foundDamage: (offset, reason) => this.#foundDamage(offset, reason),
      diskFailed: (error) => this.#diskFailed(error),
      rebuildIndexes: (segment) => rebuildIndexes(state, segment),
    })
  }

  get topic(): string {
    return this.state.topic
  }
  get partition(): number {
    return this.state.partition
  }
  get topicId(): string | null {
    return this.#topicId
  }
  get directoryPath(): string {
    return this.state.environment.directoryPath
  }
  get config(): LogConfig {
    return this.state.config
  }
  get logStartOffset(): number {
    return this.state.logStartOffset
  }
  get logEndOffset(): number {
    return this.state.logEndOffset
  }
  get writtenOffset(): number {
    return this.state.writtenOffset
  }
  get durableOffset(): number {
    return this.syncer.durableOffset
  }
  get persistedOffset(): number {
    return this.state.config.durability.kind === 'group-commit' ? this.durableOffset : this.writtenOffset
  }
  get highWatermark(): number {
    return this.state.highWatermark
  }
  get lastStableOffset(): number {
    const unstable = this.state.producers.firstUnstableOffset
    const { highWatermark } = this.state
    if (unstable === null || unstable > highWatermark) return highWatermark
    return Math.max(unstable, this.state.logStartOffset)
  }
  get latestLeaderEpoch(): number {
    return this.state.epochs.latestEpoch
  }
  get sizeBytes(): number {
    return this.state.segments.sizeBytes
  }
  get segmentCount(): number {
    return this.state.segments.count
  }
  get isOffline(): boolean {
    return this.#isOffline
  }
  get damage(): LogDamage | null {
    return this.#damage
  }

  setListener(listener: LogListener): void {
    this.#listener = listener
  }

  updateConfig(config: LogConfig): void {
    this.state.config = config
  }

  assignTopicId(topicId: string): void {
    if (this.#topicId === topicId) return
    writeTopicId(this.state, topicId, false)
    this.#topicId = topicId
    this.syncer.noteNames()
  }

  append(records: Buffer, options: AppendOptions): AppendOutcome {
    if (this.#isCutting) throw new Error(`append to ${this.state.folder} while it is being cut`)
    const before = this.state.logEndOffset
    let outcome: AppendOutcome
    if (this.#isOffline) outcome = refuse(ErrorCode.KAFKA_STORAGE_ERROR, 'the log directory is offline')
    else if (this.#isClosing) outcome = refuse(ErrorCode.KAFKA_STORAGE_ERROR, 'the log is being closed')
    else if (this.#damage !== null) outcome = refuse(ErrorCode.KAFKA_STORAGE_ERROR, this.#damage.reason)
    else outcome = this.#appender.append(records, options)
    if (this.state.logEndOffset === before) options.released?.()
    return outcome
  }

  #written(appends: readonly QueuedAppend[]): void {
    const { state } = this
    for (const append of appends) {
      this.checkpointing.noteWritten(append)
      state.writtenOffset = append.endOffset
    }
    const last = appends.at(-1)
    if (last !== undefined) this.syncer.noteWritten(last.segment)
    this.checkpointing.afterWrite()
    for (const append of appends) append.released?.()
    this.#listener.written(state.writtenOffset)
    this.syncer.followPolicy()
    this.syncer.startIfWanted()
  }

  #takenBack(appends: readonly QueuedAppend[], error: DiskError): void {
    const { state } = this
    const first = appends[0]
    if (first === undefined) return
    for (const append of appends.toReversed()) {
      for (const change of append.producerChanges.toReversed()) state.producers.undo(change)
      append.segment.sizeBytes = append.position
    }
    // What a short write had left was cut off: a power cut must not bring it back, though the log goes on in another segment.
    if (first.segment.writtenBytes > 0) this.syncer.noteWritten(first.segment)
    state.logEndOffset = first.baseOffset
    state.epochs.truncateFromEnd(first.baseOffset)
    this.checkpointing.takenBack(first.baseOffset)
    for (const append of appends) append.released?.()
    state.environment.events.warn('append taken back', {
      topic: this.topic,
      partition: this.partition,
      fromOffset: first.baseOffset,
      code: error.code,
    })
    this.#failDurableWaiters(first.baseOffset)
    this.#listener.failed(first.baseOffset, ErrorCode.KAFKA_STORAGE_ERROR)
  }

  #durable(offset: number): void {
    this.checkpointing.durableMoved()
    this.#listener.durable(offset)
    if (this.#durableWaiters.length === 0) return
    const ready = this.#durableWaiters.filter((waiter) => waiter.offset <= offset)
    this.#durableWaiters = this.#durableWaiters.filter((waiter) => waiter.offset > offset)
    for (const waiter of ready) waiter.done(true)
  }

  #failDurableWaiters(endOffset: number): void {
    const failed = this.#durableWaiters.filter((waiter) => waiter.offset > endOffset)
    this.#durableWaiters = this.#durableWaiters.filter((waiter) => waiter.offset <= endOffset)
    for (const waiter of failed) waiter.done(false)
  }

  /** The directory failed: everything under way is lost, nothing works any more. Called by the directory. */
  goOffline(error: DiskError): void {
    if (this.#isOffline) return
    this.#isOffline = true
    this.syncer.die()
    this.#writer.abandon(error)
    this.#failDurableWaiters(-1)
    this.#listener.offline(error.message)
  }

  /** A failure under a folder that was just taken away says nothing about the directory. */
  #diskFailed(error: DiskError): void {
    if (!this.#isRetired) this.state.environment.directoryFailed(error)
  }

  /** The partition is deleted: nothing works any more, and nobody is told. Its files may move away now. */
  retire(): void {
    this.#isRetired = true
    this.#listener = deafListener
    this.goOffline(new DiskError('ENOENT', this.state.folder, 'the partition is deleted'))
  }

  /** Renames the partition's folder; open files go on. False while something is under way in it by name. Throws `DiskError`. */
  moveFolder(folder: string): boolean {
    const { state } = this
    if (state.epochFile.isWriting || this.syncer.isSyncing) return false
    const from = state.folder
    state.environment.disk.rename(from, folder)
    state.folder = folder
    for (const segment of state.segments.all) {
      for (const file of segment.pooledFiles()) file.renamed(folder + file.path.slice(from.length))
    }
    state.epochFile = new AtomicFile(state.environment.disk, joinPath(folder, LEADER_EPOCH_FILE))
    return true
  }

  #foundDamage(offset: number, reason: string): void {
    if (this.#damage !== null && this.#damage.offset <= offset) return
    this.#damage = { offset, reason, hidesEnd: this.#damage?.hidesEnd === true }
    this.state.environment.events.error('log is damaged', {
      topic: this.topic,
      partition: this.partition,
      offset,
      reason,
    })
  }

  requestDurable(): void {
    this.syncer.want(this.state.logEndOffset)
  }

  whenDurable(done: (durable: boolean) => void): void {
    const offset = this.state.logEndOffset
    if (this.#isOffline) done(false)
    else if (offset <= this.durableOffset && !this.syncer.hasUnsyncedNames) done(true)
    else {
      this.#durableWaiters.push({ offset, done })
      this.syncer.want(offset, true)
    }
  }

  setHighWatermark(offset: number): void {
    const { state } = this
    const clamped = Math.min(Math.max(offset, state.logStartOffset), state.logEndOffset)
    if (clamped === state.highWatermark) return
    state.highWatermark = clamped
    state.producers.highWatermarkMoved(clamped)
    state.environment.checkpointsChanged()
  }

  assignLeaderEpoch(leaderEpoch: number): void {
    if (leaderEpoch > this.latestLeaderEpoch) this.state.epochs.assign(leaderEpoch, this.state.logEndOffset)
  }

  read(fromOffset: number, options: ReadOptions, done: (outcome: ReadOutcome) => void): void {
    this.#reader.read(fromOffset, options, done)
  }

  offsetForTimestamp(
    timestampMs: number,
    done: (found: TimestampedOffset | null, error: string | null) => void,
  ): void {
    findTimestamp(this, timestampMs, done)
  }

  offsetOfMaxTimestamp(done: (found: TimestampedOffset | null, error: string | null) => void): void {
    findMaxTimestamp(this, done)
  }

  endOffsetForLeaderEpoch(leaderEpoch: number): EpochEndOffset {
    return this.state.epochs.endOffsetFor(leaderEpoch, this.state.logEndOffset)
  }

  leaderEpochOf(offset: number): number {
    return this.state.epochs.epochOf(offset)
  }

  abortedTransactions(fromOffset: number, upperOffset: number): AbortedTransaction[] {
    const { segments } = this.state
    const found: AbortedTransactionEntry[] = []
    for (let i = Math.max(0, segments.indexOf(fromOffset)); i < segments.count; i++) {
      if (segments.at(i)?.transactionIndex.collect(fromOffset, upperOffset, found) === true) break
    }
    return found.map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
  }

  beginVerification(
    producerId: bigint,
    producerEpoch: number,
    baseSequence: number,
    _supportsEpochBump: boolean,
  ): VerificationGuard | null {
    if (this.hasOpenTransaction(producerId, producerEpoch)) return null
    const nowMs = this.state.environment.clock.wallMs()
    return this.#verifications.begin(producerId, producerEpoch, baseSequence, nowMs)
  }

  activeProducers(): ProducerDescription[] {
    return Array.from(this.state.producers.entries(), (entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: lastSequenceOf(entry),
      lastTimestampMs: entry.lastTimestampMs,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStartOffset: entry.transactionStartOffset,
    }))
  }

  hasOpenTransaction(producerId: bigint, producerEpoch: number): boolean {
    return this.state.producers.hasOpenTransaction(producerId, producerEpoch)
  }

  /** Forgets producers and verifications that were silent for too long. */
  expireProducers(nowMs: number): number {
    const { producerIdExpirationMs } = this.state.config
    this.#verifications.expire(nowMs, producerIdExpirationMs)
    return this.state.producers.expire(nowMs, producerIdExpirationMs)
  }

  truncateTo(offset: number, done: (truncated: boolean) => void): void {
    this.#isCutting = true
    this.#whenQuiet(() => {
      if (this.#isOffline || (offset >= this.state.logEndOffset && this.#damage === null)) {
        // Epochs that begin at or past the cut go even when no record does (KAFKA-10706).
        this.state.epochs.truncateFromEnd(offset)
        this.#endCut(() => done(false))
      } else {
        const cut = (): void => {
          const unread = cutLog(this.state, this.syncer, offset)
          // What is bad below the cut stays, whoever found it, and when.
          if (this.#damage !== null && this.#damage.offset >= this.state.logEndOffset) this.#damage = null
          if (unread !== null) this.#foundDamage(unread.offset, unread.reason)
        }
        this.#cut(offset, cut, done)
      }
    })
  }

  truncateFullyAndStartAt(offset: number, done: () => void): void {
    this.#isCutting = true
    this.#whenQuiet(() => {
      if (this.#isOffline) this.#endCut(done)
      else {
        const restart = (): void => {
          restartLog(this.state, this.syncer, offset)
          this.#damage = null
        }
        this.#cut(0, restart, done)
      }
    })
  }

  #endCut(done: () => void): void {
    this.#isCutting = false
    done()
  }

  /** Lowers the recovery point on the disk first, then cuts; `cut` notes what is bad below. */
  #cut(recoveryPoint: number, cut: () => void, done: (truncated: boolean) => void): void {
    const { state } = this
    const startBefore = state.logStartOffset
    this.checkpointing.lowerRecoveryPoint(recoveryPoint, () => {
      if (this.#isOffline) {
        this.#endCut(() => done(false))
        return
      }
      state.cuts++
      this.#reader.cursors.clear()
      const failure = this.checkpointing.attempt(cut)
      if (failure !== null) {
        this.#diskFailed(failure)
        this.#endCut(() => done(false))
        return
      }
      if (state.logStartOffset !== startBefore) this.#listener.logStartOffsetMoved(state.logStartOffset)
      settleCut(state, (error) => {
        if (error !== null && !isPassing(error)) this.#diskFailed(error)
        this.#endCut(() => done(true))
      })
    })
  }

  /** Runs `callback` when no write and no sync is under way; nothing may be appended until the cut is over. */
  #whenQuiet(callback: () => void): void {
    this.#writer.whenIdle(() => this.syncer.whenIdle(callback))
  }

  deleteRecordsBefore(offset: number): boolean {
    if (offset > this.state.highWatermark) return false
    if (moveLogStart(this.state, offset)) {
      this.#listener.logStartOffsetMoved(this.state.logStartOffset)
    }
    return true
  }

  /** A copy begins where its original begins. */
  setLogStart(offset: number): void {
    moveLogStart(this.state, Math.min(offset, this.state.logEndOffset))
  }

  roll(nowMs: number): void {
    if (this.state.segments.active.sizeBytes === 0) return
    this.#appender.roll(this.state.logEndOffset, nowMs, [])
    this.checkpointing.afterWrite()
  }

  /** Brings everything to the disk, completes the indexes, saves producers and epochs; closes the files. */
  close(done: () => void): void {
    this.#isClosing = true
    this.#whenQuiet(() => {
      if (this.#isOffline) {
        this.closeFiles()
        done()
        return
      }
      const end = (): void => {
        this.syncer.die()
        this.closeFiles()
        done()
      }
      const finish = (): void => {
        if (this.#damage === null) this.checkpointing.finish(end)
        else end()
      }
      // A log without records has nothing to lose, not even its name.
      if (this.durableOffset >= this.logEndOffset) finish()
      else this.whenDurable(finish)
    })
  }

  /** Closes what is open; the next use opens again. */
  closeFiles(): void {
    for (const segment of this.state.segments.all) segment.closeFiles()
  }
}
