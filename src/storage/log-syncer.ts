/**
 * Makes what is written durable: one sync under way per log, and every append that arrives meanwhile shares
 * the next one (group commit).
 *
 * A durable offset is announced only after the sync that covers it, which began after it was written
 * (trap 6), and after the names of new files are safe too (trap 4). A failed sync is never tried again (trap 7).
 */
import type { Timer } from '../runtime/clock.ts'
import { DiskError, type DiskFile } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import { isPassing, toDiskError } from './disk-failures.ts'
import type { LogState } from './log-state.ts'
import type { Segment } from './segment.ts'

export interface SyncerOwner {
  /** Everything below `offset` survives a power cut now. */
  durable(offset: number): void
  diskFailed(error: DiskError): void
}

/** What one sync has to cover. */
interface SyncWork {
  readonly segments: readonly Segment[]
  readonly names: boolean
  readonly folder: boolean
}

type Job = (done: (error: DiskError | null) => void) => void

export class LogSyncer {
  readonly #state: LogState
  readonly #owner: SyncerOwner
  #durableOffset: number
  #wantedOffset = 0
  #wantsNames = false
  #isSyncing = false
  #isDead = false
  #unsynced: Segment[] = []
  #namesChanged: boolean
  #folderIsNew: boolean
  #idleWaiters: Array<() => void> = []
  #flushTimer: Timer | null = null

  constructor(state: LogState, durableOffset: number, folderIsNew: boolean, owner: SyncerOwner) {
    this.#state = state
    this.#owner = owner
    this.#durableOffset = durableOffset
    this.#folderIsNew = folderIsNew
    this.#namesChanged = folderIsNew
  }

  /** Files were created, renamed or removed since the last sync began. */
  get hasUnsyncedNames(): boolean {
    return this.#namesChanged || this.#folderIsNew
  }

  /** A sync is under way. */
  get isSyncing(): boolean {
    return this.#isSyncing
  }

  get durableOffset(): number {
    return this.#durableOffset
  }

  /** `segment` got bytes that no sync has covered. */
  noteWritten(segment: Segment): void {
    if (segment.syncedBytes === 0) this.#namesChanged = true
    this.#mustSync(segment)
  }

  #mustSync(segment: Segment): void {
    // From the end, where the one is that is written to.
    if (this.#unsynced.lastIndexOf(segment) < 0) this.#unsynced.push(segment)
  }

  /** After a write: `flush.messages` and `flush.ms` may want a sync that nobody asked for. */
  followPolicy(): void {
    const { durability } = this.#state.config
    if (durability.kind === 'group-commit') return
    const { writtenOffset } = this.#state
    if (writtenOffset - this.#durableOffset >= durability.flushMessages) this.want(writtenOffset)
    else if (Number.isFinite(durability.flushMs) && this.#flushTimer === null) {
      this.#flushTimer = this.#state.environment.clock.schedule(durability.flushMs, () => {
        this.#flushTimer = null
        this.want(this.#state.writtenOffset)
      })
    }
  }

  /** A file of the folder was created, renamed or removed. */
  noteNames(): void {
    this.#namesChanged = true
  }

  /** Wants everything below `offset` durable as soon as it is written, and changed names if `withNames`. */
  want(offset: number, withNames = false): void {
    if (offset > this.#wantedOffset) this.#wantedOffset = offset
    this.#wantsNames ||= withNames && this.hasUnsyncedNames
    this.startIfWanted()
  }

  startIfWanted(): void {
    if (this.#isSyncing || this.#isDead) return
    const { writtenOffset } = this.#state
    const wantsData = this.#durableOffset < this.#wantedOffset && this.#durableOffset < writtenOffset
    if (!wantsData && !this.#wantsNames) return
    this.#isSyncing = true
    this.#wantsNames = false
    this.#state.environment.syncs.acquire(this.#start)
  }

  readonly #start = (): void => {
    const target = this.#state.writtenOffset
    const work = { segments: this.#unsynced, names: this.#namesChanged, folder: this.#folderIsNew }
    this.#unsynced = []
    this.#namesChanged = false
    this.#folderIsNew = false
    const jobs = this.#jobs(work)
    let open = jobs.length
    let failure: DiskError | null = null
    const finish = (error: DiskError | null): void => {
      failure ??= error
      open--
      if (open === 0) this.#finished(target, work, failure)
    }
    for (const job of jobs) job(finish)
  }

  #jobs({ segments, names, folder }: SyncWork): Job[] {
    const { disk, folderNames } = this.#state.environment
    const jobs: Job[] = segments.map((segment) => (done) => this.#syncSegment(segment, done))
    if (names) jobs.push((done) => disk.syncDirectory(this.#state.folder, done))
    if (folder) jobs.push((done) => folderNames.request(done))
    if (jobs.length === 0) jobs.push((done) => done(null))
    return jobs
  }

  #syncSegment(segment: Segment, done: (error: DiskError | null) => void): void {
    const { writtenBytes } = segment
    let file: DiskFile
    try {
      file = segment.log.hold()
    } catch (error) {
      done(toDiskError(error))
      return
    }
    file.sync((error) => {
      segment.log.free()
      if (error === null) segment.syncedBytes = Math.max(segment.syncedBytes, writtenBytes)
      // Whatever its code: after a failed sync nothing may be assumed of these bytes, ever.
      done(error === null ? null : new DiskError('EIO', error.path, error.message))
    })
  }

  #finished(target: number, work: SyncWork, error: DiskError | null): void {
    this.#state.environment.syncs.release()
    this.#isSyncing = false
    if (error === null) this.#succeeded(target)
    else if (isPassing(error)) this.#postpone(work)
    else {
      this.die()
      this.#owner.diskFailed(error)
    }
    this.#runIdleWaiters()
  }

  #succeeded(target: number): void {
    if (this.#isDead) return
    this.#durableOffset = Math.max(this.#durableOffset, target)
    this.#owner.durable(this.#durableOffset)
    this.startIfWanted()
  }

  /** No descriptor to sync with: nothing was tried, so it may be tried again. */
  #postpone({ segments, names, folder }: SyncWork): void {
    for (const segment of segments) if (!segment.isRetired) this.#mustSync(segment)
    this.#namesChanged ||= names
    this.#folderIsNew ||= folder
    this.#state.environment.clock.schedule(limits.syncRetryMs, () => this.startIfWanted())
  }

  /** Nothing is synced any more; what is under way comes back unheard. */
  die(): void {
    this.#isDead = true
    this.#flushTimer?.cancel()
  }

  /** Runs `callback` when no sync is under way. */
  whenIdle(callback: () => void): void {
    if (this.#isSyncing) this.#idleWaiters.push(callback)
    else callback()
  }

  #runIdleWaiters(): void {
    if (this.#isSyncing || this.#idleWaiters.length === 0) return
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const waiter of waiters) waiter()
  }

  /** The log was cut: nothing above `offset` is there to be durable. */
  truncateTo(offset: number): void {
    this.#durableOffset = Math.min(this.#durableOffset, offset)
    this.#wantedOffset = Math.min(this.#wantedOffset, offset)
  }

  /** The log begins anew at `offset`. */
  restartAt(offset: number): void {
    this.#unsynced = []
    this.#durableOffset = offset
    this.#wantedOffset = offset
    this.#namesChanged = true
  }

  forget(segment: Segment): void {
    this.#unsynced = this.#unsynced.filter((other) => other !== segment)
  }
}
