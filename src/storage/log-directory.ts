/**
 * One entry of `log.dirs`: its lock, its identity, its partition folders, its checkpoints, and its fate.
 *
 * A directory that fails takes its partitions offline, not the broker (trap 7). The clean-shutdown marker is
 * removed before anything is opened and written after everything is closed (trap 6).
 */
import { type DirectoryLock, type DiskError, joinPath } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import type { World } from '../runtime/world.ts'
import { parentOf, readSmallFile, replaceFileSync } from './atomic-file.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { PartitionOffset } from './checkpoint.ts'
import { CLEAN_SHUTDOWN_FILE, decodeCleanShutdown, encodeCleanShutdown } from './clean-shutdown.ts'
import {
  type CheckpointedOffsets,
  type CheckpointKind,
  DirectoryCheckpoints,
} from './directory-checkpoints.ts'
import { isPassing, toDiskError } from './disk-failures.ts'
import { folderName } from './folder-names.ts'
import { forEachSome } from './for-each-some.ts'
import { GroupSync } from './group-sync.ts'
import type { Log } from './log.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { OpenFacts } from './log-open.ts'
import { decodeMetaProperties, encodeMetaProperties, type MetaProperties } from './meta-properties.ts'
import type { OpenFiles } from './open-files.ts'
import { NEW_LOG_FILE, StaleLines } from './stale-lines.ts'
import { SyncSlots } from './sync-slots.ts'
import { SYNC_FAILED_FILE } from './tail-rewrite.ts'

const META_PROPERTIES_FILE = 'meta.properties'

export type DirectoryWorld = Pick<World, 'clock' | 'disk' | 'log'>

export class LogDirectory {
  readonly path: string
  readonly environment: LogEnvironment
  readonly #world: DirectoryWorld
  readonly #checkpoints: DirectoryCheckpoints
  readonly #onFailure: (directory: LogDirectory, error: DiskError) => void
  #lock: DirectoryLock | null = null
  #properties: MetaProperties | null = null
  #wasClean = false
  #brokerEpochAtStop = -1
  #syncHadFailed = false
  #offsets: CheckpointedOffsets | null = null
  #failure: DiskError | null = null
  #isDirty = false
  #isCheckpointing = false
  /** Live logs, by folder name. Future replicas have no place in checkpoint files but the recovery points'. */
  readonly logs = new Map<string, Log>()
  /** Copies under way from another directory, by the folder name they will have. */
  readonly futureLogs = new Map<string, Log>()
  readonly staleLines = new StaleLines()
  /** Offsets up to which compaction has cleaned, by folder name. */
  readonly cleanerOffsets = new Map<string, number>()

  constructor(
    path: string,
    world: DirectoryWorld,
    pools: { readonly files: OpenFiles; readonly buffers: BufferPool },
    onFailure: (directory: LogDirectory, error: DiskError) => void,
  ) {
    this.path = path
    this.#world = world
    this.#onFailure = onFailure
    this.#checkpoints = new DirectoryCheckpoints(world.disk, path)
    this.environment = {
      clock: world.clock,
      disk: world.disk,
      events: world.log,
      files: pools.files,
      buffers: pools.buffers,
      syncs: new SyncSlots(limits.syncsPerDirectoryMax),
      folderNames: new GroupSync(world.disk, path),
      directoryPath: path,
      directoryFailed: (error) => this.fail(error),
      lowerRecoveryPoint: (_topic, _partition, _recoveryPoint, done) => this.#lowerRecoveryPoints(done),
      checkpointsChanged: () => {
        this.#isDirty = true
      },
    }
  }

  /** null before the directory is formatted. */
  get properties(): MetaProperties | null {
    return this.#properties
  }
  get failure(): DiskError | null {
    return this.#failure
  }
  get isOffline(): boolean {
    return this.#failure !== null
  }
  /** The last stop was clean: nothing has to be checked. */
  get wasClean(): boolean {
    return this.#wasClean
  }
  /** Epoch of the broker that stopped cleanly; -1 otherwise. */
  get brokerEpochAtStop(): number {
    return this.#brokerEpochAtStop
  }

  /** Creates the folder if need be, takes the lock, reads identity and marker. Returns false when another process holds it; throws `DiskError`. */
  open(): boolean {
    const { disk } = this.#world
    disk.makeDirectory(this.path)
    this.#lock = disk.lock(this.path)
    if (this.#lock === null) return false
    const content = readSmallFile(disk, joinPath(this.path, META_PROPERTIES_FILE))
    this.#properties = content === null ? null : decodeMetaProperties(content)
    return true
  }

  /**
   * Makes the names of the directory and of those it lies in survive a power cut (trap 4), whoever made them: a process
   * that died right after that is as good as this one. Throws `DiskError`.
   */
  #syncPath(): void {
    for (let path = parentOf(this.path); ; path = parentOf(path)) {
      try {
        this.#world.disk.syncDirectorySync(path)
      } catch (error) {
        // One that we may not open we cannot have made, nor in one that knows no such call.
        if (toDiskError(error).code === 'EIO') throw error
        return
      }
      if (path === parentOf(path)) return
    }
  }

  /** Gives a new directory its identity. Throws `DiskError`. */
  format(properties: MetaProperties): void {
    this.#syncPath()
    // From now on a missing recovery-point file is a lost one, and no excuse for a torn log.
    this.#checkpoints.createEmpty('recoveryPoint')
    replaceFileSync(
      this.#world.disk,
      joinPath(this.path, META_PROPERTIES_FILE),
      encodeMetaProperties(properties),
    )
    this.#properties = properties
  }

  /** Reads the checkpoints, then makes sure that a crash from here on is seen as one. Throws `DiskError`. */
  begin(): void {
    const { disk } = this.#world
    const markerPath = joinPath(this.path, CLEAN_SHUTDOWN_FILE)
    const marker = readSmallFile(disk, markerPath)
    this.#wasClean = marker !== null
    this.#brokerEpochAtStop = marker === null ? -1 : decodeCleanShutdown(marker)
    this.#offsets = this.#checkpoints.read()
    for (const [name, offset] of this.#offsets.cleaner ?? []) this.cleanerOffsets.set(name, offset)
    this.#syncHadFailed = disk.status(this.#syncFailedPath) !== null
    if (marker === null) return
    disk.remove(markerPath)
    disk.syncDirectorySync(this.path)
  }

  /** What the checkpoints say of a folder. */
  factsOf(name: string): OpenFacts {
    const offsets = this.#offsets
    // A whole file without the line: the log is younger than the last checkpoint, nothing of it is proven.
    const recoveryPoints = offsets?.recoveryPoint ?? null
    return {
      wasClean: this.#wasClean,
      recoveryPoint: recoveryPoints === null ? null : (recoveryPoints.get(name) ?? 0),
      logStartOffset: offsets?.logStart?.get(name) ?? null,
      highWatermark: offsets?.highWatermark?.get(name) ?? null,
      rewritesTail: this.#syncHadFailed,
    }
  }

  get #syncFailedPath(): string {
    return joinPath(this.path, SYNC_FAILED_FILE)
  }

  /** All logs are open: what the last run left is of no use any more. Throws `DiskError`. */
  loaded(): void {
    // Their logs went after the files were written last, and before the process ended.
    for (const lines of Object.values(this.#offsets ?? {}))
      for (const name of lines?.keys() ?? []) if (!this.logs.has(name)) this.staleLines.gone(name)
    this.#offsets = null
    if (this.#syncHadFailed && !this.isOffline) this.#world.disk.remove(this.#syncFailedPath)
  }

  /** The disk failed for good: every log of the directory goes offline. */
  fail(error: DiskError): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#world.log.error('log directory failed', {
      directory: this.path,
      code: error.code,
      reason: error.message,
    })
    for (const log of [...this.logs.values(), ...this.futureLogs.values()]) log.goOffline(error)
    this.#markFailedSync()
    this.#onFailure(this, error)
  }

  /** Whatever failed may have been a sync. A disk that takes no mark will hardly take the next start either. */
  #markFailedSync(): void {
    if (this.#lock === null) return
    try {
      this.#world.disk.open(this.#syncFailedPath, 'create').close()
    } catch (error) {
      const { code } = toDiskError(error)
      this.#world.log.warn('no mark of the failure', { directory: this.path, code })
    }
  }

  #entries(offsetOf: (log: Log) => number | null): PartitionOffset[] {
    const entries: PartitionOffset[] = []
    for (const log of this.logs.values()) {
      const offset = offsetOf(log)
      if (offset !== null) entries.push({ topic: log.topic, partition: log.partition, offset })
    }
    return entries
  }

  #entriesOf(kind: CheckpointKind): PartitionOffset[] {
    switch (kind) {
      case 'recoveryPoint':
        return this.#entries((log) => log.checkpointing.recoveryPoint)
      case 'highWatermark':
        return this.#entries((log) => log.highWatermark)
      case 'logStart':
        // Kafka's rule: only starts that the first segment's name does not tell.
        return this.#entries((log) =>
          log.logStartOffset > log.state.segments.first.baseOffset ? log.logStartOffset : null,
        )
      case 'cleaner':
        return this.#entries((log) => this.cleanerOffsets.get(folderName(log.topic, log.partition)) ?? null)
    }
  }

  /** Again and again while there is no room, for a cut must not go before. */
  #lowerRecoveryPoints(done: () => void): void {
    if (this.isOffline) {
      done()
      return
    }
    this.#checkpoints.write(
      'recoveryPoint',
      () => this.#entriesOf('recoveryPoint'),
      (error) => {
        if (error === null) done()
        else if (!isPassing(error)) {
          this.fail(error)
          done()
        } else
          this.#world.clock.schedule(limits.checkpointRetryMs, () => {
            if (this.#lock !== null) this.#lowerRecoveryPoints(done)
          })
      },
    )
  }

  /** `done` tells whether it is on the disk. */
  #write(kind: CheckpointKind, done: (isWritten: boolean) => void): void {
    if (this.isOffline) {
      done(false)
      return
    }
    this.#checkpoints.write(
      kind,
      () => this.#entriesOf(kind),
      (error) => {
        if (error !== null && !isPassing(error)) this.fail(error)
        done(error === null)
      },
    )
  }

  /** Saves what changed since the last time; one at a time, `done` when the files are on the disk. */
  checkpoint(done: () => void = () => {}): void {
    if (this.isOffline || this.#isCheckpointing || !this.#isDirty) {
      done()
      return
    }
    this.#isDirty = false
    this.#isCheckpointing = true
    this.staleLines.writingBegins()
    const newLogs = [...this.logs.values()].filter(({ state }) => state.isNew)
    let isComplete = true
    const written = (next: () => void) => (isWritten: boolean) => {
      isComplete &&= isWritten
      next()
    }
    // The log starts go first: epochs, which the logs save next, are cut to them. Then one file after another:
    // the lines of ten thousand logs are work for a turn of their own.
    const end = (): void => {
      this.staleLines.writingEnds(isComplete)
      if (isComplete) for (const log of newLogs) this.#unmark(log)
      this.#isCheckpointing = false
      done()
    }
    const kinds = ['recoveryPoint', 'highWatermark', 'cleaner'] as const
    this.#write(
      'logStart',
      written(() =>
        this.#advanceAll(() => forEachSome(kinds, 1, (kind, next) => this.#write(kind, written(next)), end)),
      ),
    )
  }

  /** The checkpoint files tell of it now. */
  #unmark(log: Log): void {
    const { state } = log
    state.isNew = false
    try {
      this.#world.disk.remove(joinPath(state.folder, NEW_LOG_FILE))
      this.#world.disk.syncDirectory(state.folder, (error) => {
        // One that is deleted by then has no folder of that name.
        if (error !== null && !isPassing(error) && !log.isOffline) this.fail(error)
      })
    } catch (error) {
      // It stays: an unclean start looks at more than it would have to.
      this.#world.log.warn('the mark of a new log stays', {
        folder: state.folder,
        code: toDiskError(error).code,
      })
    }
  }

  /** Lets every log move its recovery point, a few at a time. */
  #advanceAll(done: () => void): void {
    forEachSome(
      // What damage stopped the recovery before is not proven by that the rest is durable now.
      [...this.logs.values()].filter(({ damage }) => damage === null),
      limits.logsWorkedOnAtOnceMax,
      (log, next) => log.checkpointing.advance(next),
      done,
    )
  }

  /** Saves the cleaner's progress. */
  cleanerMoved(name: string, offset: number): void {
    this.cleanerOffsets.set(name, offset)
    this.#isDirty = true
  }

  /** Closes every log, writes the checkpoints, and last the marker; gives the lock back. */
  stop(brokerEpoch: number, done: () => void): void {
    const logs = [...this.logs.values(), ...this.futureLogs.values()]
    forEachSome(
      logs,
      limits.logsWorkedOnAtOnceMax,
      (log, next) => log.close(next),
      () => {
        this.#isDirty = true
        this.#isCheckpointing = false
        this.checkpoint(() => {
          this.#markClean(brokerEpoch)
          this.release()
          done()
        })
      },
    )
  }

  /**
   * Not where a log is damaged, nor where there was no room for what its recovery point depends on: a start that trusts the
   * marker would not find that.
   */
  #markClean(brokerEpoch: number): void {
    const isSound = ({ damage, checkpointing, logEndOffset }: Log): boolean =>
      damage === null && checkpointing.recoveryPoint >= logEndOffset
    if (this.isOffline || ![...this.logs.values()].every(isSound)) return
    try {
      const path = joinPath(this.path, CLEAN_SHUTDOWN_FILE)
      replaceFileSync(this.#world.disk, path, encodeCleanShutdown(brokerEpoch))
    } catch (error) {
      // Without the marker the next start checks more; nothing is lost.
      const { code } = toDiskError(error)
      this.#world.log.warn('no clean-shutdown marker', { directory: this.path, code })
    }
  }

  /** Gives the lock back without stopping anything. */
  release(): void {
    this.#lock?.release()
    this.#lock = null
  }
}
