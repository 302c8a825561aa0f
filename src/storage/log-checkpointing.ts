/**
 * Decides when what surrounds a log's batches is complete enough for its recovery point to move: below the
 * point, everything is trusted after a power cut; above, everything is rebuilt from the batches.
 *
 * So epochs, the indexes of sealed segments, and a recent producer snapshot reach the disk first. It also
 * completes segments when they are rolled, and writes producer snapshots as of each roll.
 */
import { DiskError } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import { isPassing, toDiskError } from './disk-failures.ts'
import type { RollListener } from './log-appender.ts'
import { saveEpochs, snapshotProducers, writeSnapshot } from './log-files.ts'
import type { LogState } from './log-state.ts'
import type { LogSyncer } from './log-syncer.ts'
import type { QueuedAppend } from './log-writer.ts'
import { encodeProducerSnapshot } from './producer-snapshot.ts'
import type { ProducerChange } from './producer-state.ts'
import type { Segment } from './segment.ts'

interface DueSnapshot {
  readonly offset: number
  readonly content: Buffer
}

type Done = (error: DiskError | null) => void

export class LogCheckpointing implements RollListener {
  readonly #state: LogState
  readonly #syncer: LogSyncer
  #recoveryPoint: number
  #bytesSinceSnapshot = 0
  #unsealed: Segment[] = []
  #dueSnapshots: DueSnapshot[] = []

  readonly #diskFailed: (error: DiskError) => void

  constructor(
    state: LogState,
    syncer: LogSyncer,
    recoveryPoint: number,
    diskFailed: (error: DiskError) => void,
  ) {
    this.#state = state
    this.#diskFailed = diskFailed
    this.#syncer = syncer
    this.#recoveryPoint = recoveryPoint
  }

  /** What the checkpoint file may claim for this log. */
  get recoveryPoint(): number {
    return this.#recoveryPoint
  }

  rolled(sealed: Segment, baseOffset: number, changes: readonly ProducerChange[]): void {
    this.#unsealed.push(sealed)
    const content = encodeProducerSnapshot(this.#state.producers.entriesBefore(changes))
    this.#dueSnapshots.push({ offset: baseOffset, content })
  }

  /** `append` is in the file: the indexes learn its batches. */
  noteWritten(append: QueuedAppend): void {
    this.#bytesSinceSnapshot += append.bytes.length
    this.#attemptCache(() => {
      let { position } = append
      for (const batch of append.batches) {
        append.segment.noteBatch(batch, position, this.#state.config.indexIntervalBytes)
        position += batch.sizeBytes
      }
      for (const { completed } of append.producerChanges) {
        if (completed?.isAbort !== true) continue
        append.segment.transactionIndex.append(completed)
        append.segment.indexesUnsynced = true
      }
    })
  }

  /** Completes segments whose last append is in the file, and writes the snapshots of their rolls. */
  afterWrite(): void {
    if (this.#unsealed.length === 0 && this.#dueSnapshots.length === 0) return
    const { active } = this.#state.segments
    // One that retention took before there was room to complete it needs no index.
    this.#unsealed = this.#unsealed.filter((segment) => !segment.isRetired)
    this.#attemptCache(() => {
      for (const segment of this.#unsealed) {
        if (segment !== active && segment.writtenBytes === segment.sizeBytes) segment.seal()
      }
      this.#writeDueSnapshots()
    })
    this.#unsealed = this.#unsealed.filter((segment) => segment.writtenBytes < segment.sizeBytes)
    // A sealed segment is made durable soon, whatever the policy for the active one.
    this.#syncer.want(active.baseOffset)
    this.#state.environment.checkpointsChanged()
  }

  /** Of several the newest is enough. One for which there is no room stays, as what it tells may soon be nowhere else. */
  #writeDueSnapshots(): void {
    const { writtenOffset } = this.#state
    const newest = this.#dueSnapshots.findLastIndex(({ offset }) => offset <= writtenOffset)
    const due = this.#dueSnapshots[newest]
    if (due === undefined) return
    this.#dueSnapshots.splice(0, newest)
    writeSnapshot(this.#state, due.offset, due.content)
    this.#dueSnapshots.shift()
    this.#bytesSinceSnapshot = 0
  }

  /** The log ends at `offset` again; rolls beyond never happened. */
  takenBack(offset: number): void {
    const { segments } = this.#state
    const never = segments.all.filter(
      (segment) => segment !== segments.first && segment.sizeBytes === 0 && !segment.hasLog,
    )
    segments.removeAll(new Set(never))
    this.#unsealed = this.#unsealed.filter((segment) => segment !== segments.active)
    this.#dueSnapshots = this.#dueSnapshots.filter((snapshot) => snapshot.offset <= offset)
  }

  durableMoved(): void {
    this.#state.environment.checkpointsChanged()
  }

  /**
   * Completes what the recovery point depends on, then moves it to what is durable now. `done` runs in every
   * case; a passing failure just leaves the point where it was.
   */
  advance(done: () => void): void {
    const target = this.#syncer.durableOffset
    const unsynced = this.#state.segments.all.filter((segment) => segment.indexesUnsynced)
    if (target <= this.#recoveryPoint && !this.#state.epochs.isDirty && unsynced.length === 0) {
      done()
      return
    }
    this.#attemptCache(() => this.#snapshotIfDue())
    let open = 2 + unsynced.length
    let failure: DiskError | null = null
    const finish: Done = (error) => {
      failure ??= error
      open--
      if (open > 0) return
      if (failure === null) this.#recoveryPoint = Math.min(target, this.#syncer.durableOffset)
      else if (!isPassing(failure)) this.#diskFailed(failure)
      else this.#state.environment.checkpointsChanged()
      done()
    }
    if (this.#state.epochs.isDirty) saveEpochs(this.#state, finish)
    else finish(null)
    for (const segment of unsynced) this.#syncIndexes(segment, finish)
    finish(null)
  }

  #snapshotIfDue(): void {
    const state = this.#state
    const isQuiet = state.writtenOffset === state.logEndOffset
    if (!isQuiet || this.#bytesSinceSnapshot < limits.bytesBetweenProducerSnapshotsMax) return
    snapshotProducers(state)
    this.#bytesSinceSnapshot = 0
  }

  #syncIndexes(segment: Segment, done: Done): void {
    const files = [segment.offsetIndex, segment.timeIndex, segment.transactionIndex].map(
      (index) => index.entries,
    )
    let open = files.length
    let failure: DiskError | null = null
    const finish: Done = (error) => {
      failure ??= error
      open--
      if (open > 0) return
      if (failure === null) segment.indexesUnsynced = false
      done(segment.isRetired ? null : failure)
    }
    for (const entries of files) {
      try {
        if (entries.isBehind) entries.flush()
        if (entries.isBehind) throw new DiskError('ENOSPC', entries.file.path, 'no room for an index')
        if (!entries.exists) {
          finish(null)
          continue
        }
        entries.noteSyncing()
        entries.file.hold().sync((error) => {
          entries.file.free()
          finish(error)
        })
      } catch (error) {
        finish(toDiskError(error))
      }
    }
  }

  /** Before a cut: no checkpoint on the disk may claim more than `recoveryPoint` when `done` runs. */
  lowerRecoveryPoint(recoveryPoint: number, done: () => void): void {
    if (recoveryPoint >= this.#recoveryPoint) {
      done()
      return
    }
    this.#recoveryPoint = recoveryPoint
    const { environment, topic, partition } = this.#state
    environment.lowerRecoveryPoint(topic, partition, recoveryPoint, done)
  }

  /** Clean stop, everything is durable: completes indexes, producers and epochs. */
  finish(done: () => void): void {
    const state = this.#state
    this.#attemptCache(() => {
      state.segments.active.complete()
      if (state.producers.size > 0 || state.snapshotOffset >= 0) snapshotProducers(state)
    })
    this.advance(done)
  }

  /** Runs `work`; answers the disk's failure. */
  attempt(work: () => void): DiskError | null {
    try {
      work()
      return null
    } catch (error) {
      return toDiskError(error)
    }
  }

  /** For files that are caches: want of room is no failure. */
  #attemptCache(work: () => void): void {
    const failure = this.attempt(work)
    if (failure !== null && !isPassing(failure)) this.#diskFailed(failure)
  }
}
