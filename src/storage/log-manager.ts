/**
 * All logs of a broker, over all its log directories: opens, creates, deletes, moves and closes them.
 *
 * One failing directory takes its own partitions offline and no others. It decides nothing about which
 * partitions should exist: the owner says, and is told what was found.
 */
import { type DiskError, joinPath } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import { randomUuid } from '../runtime/random.ts'
import type { World } from '../runtime/world.ts'
import { BufferPool } from './buffer-pool.ts'
import { toDiskError } from './disk-failures.ts'
import { folderName, parseFolderName, suffixedFolderName } from './folder-names.ts'
import { forEachSome } from './for-each-some.ts'
import type { Log } from './log.ts'
import type { LogConfig } from './log-config.ts'
import { LogDirectory } from './log-directory.ts'
import { type DirectoryDescription, describeDirectory } from './log-directory-description.ts'
import { createLog, openLog } from './log-open.ts'
import type { MetaProperties } from './meta-properties.ts'
import { OpenFiles } from './open-files.ts'
import { markAsNew } from './stale-lines.ts'

export type StorageWorld = Pick<World, 'clock' | 'disk' | 'random' | 'log'>

export interface LogManagerOptions {
  /** `log.dirs`, without duplicates. */
  readonly directories: readonly string[]
  /** Settings of a topic; asked when a log is opened or created. */
  readonly configOf: (topic: string) => LogConfig
  /** Segment files that may be open at once. */
  readonly openFilesMax: number
  /** How often high watermarks and recovery points are saved when they moved. */
  readonly checkpointIntervalMs: number
}

export interface DirectoryOpening {
  readonly path: string
  /** null: not formatted yet. */
  readonly properties: MetaProperties | null
  /** Why the directory cannot be used; null when it can. */
  readonly failure: string | null
  /** The failure is another live process on the same directory: a broker must not start beside it. */
  readonly isLocked: boolean
}

export type CreateOutcome =
  | { readonly ok: true; readonly log: Log }
  | {
      readonly ok: false
      readonly reason: 'exists' | 'no-directory' | 'disk-failed'
      readonly message: string
    }

export interface LoadedLogs {
  readonly logCount: number
  /** All directories had their clean-shutdown marker. */
  readonly wasClean: boolean
  /** Epoch of the broker that stopped cleanly; -1 unless every directory says the same. */
  readonly brokerEpochAtStop: number
  /** Folders that hold a partition which another directory holds too; they are left alone. */
  readonly duplicates: readonly string[]
}

export class LogManager {
  readonly #world: StorageWorld
  readonly #options: LogManagerOptions
  readonly #directories: LogDirectory[]
  readonly #logs = new Map<string, Log>()
  readonly #directoryOf = new WeakMap<Log, LogDirectory>()
  #isRunning = false
  /** Told once for each directory that fails after the start. */
  onDirectoryFailed: (directory: { readonly path: string; readonly directoryId: string | null }) => void =
    () => {}

  constructor(world: StorageWorld, options: LogManagerOptions) {
    this.#world = world
    this.#options = options
    const pools = { files: new OpenFiles(world.disk, options.openFilesMax), buffers: new BufferPool() }
    this.#directories = options.directories.map(
      (path) => new LogDirectory(path, world, pools, (directory) => this.#directoryFailed(directory)),
    )
  }

  #directoryFailed(directory: LogDirectory): void {
    if (!this.#isRunning) return
    this.onDirectoryFailed({ path: directory.path, directoryId: directory.properties?.directoryId ?? null })
  }

  /** First step: locks the directories and reads their identities. */
  openDirectories(): DirectoryOpening[] {
    return this.#directories.map((directory) => {
      let isLocked = false
      try {
        isLocked = !directory.open()
      } catch (error) {
        directory.fail(toDiskError(error))
      }
      const failure = isLocked ? 'another process uses it' : (directory.failure?.message ?? null)
      return { path: directory.path, properties: directory.properties, failure, isLocked }
    })
  }

  /** Gives every unformatted directory its identity; answers the directory ids of those that work. */
  format(nodeId: number, clusterId: string): string[] {
    for (const directory of this.#directories) {
      if (directory.isOffline || directory.properties !== null) continue
      try {
        directory.format({ nodeId, clusterId, directoryId: randomUuid(this.#world.random) })
      } catch (error) {
        directory.fail(toDiskError(error))
      }
    }
    return this.#directories.flatMap((directory) =>
      directory.isOffline || directory.properties === null ? [] : [directory.properties.directoryId],
    )
  }

  /** Second step: opens every log, with pauses so that the process goes on living. */
  load(): Promise<LoadedLogs> {
    const folders: Array<{ directory: LogDirectory; name: string }> = []
    for (const directory of this.#directories) {
      this.#guarded(directory, () => {
        directory.begin()
        for (const entry of this.#world.disk.list(directory.path)) {
          if (entry.kind === 'directory') folders.push({ directory, name: entry.name })
        }
      })
    }
    const duplicates: string[] = []
    return new Promise((resolve) => {
      forEachSome(
        folders,
        1,
        ({ directory, name }, next) => {
          this.#loadFolder(directory, name, duplicates)
          this.#pauseSometimes(directory, next)
        },
        () => resolve(this.#loaded(duplicates)),
      )
    })
  }

  #loaded(duplicates: readonly string[]): LoadedLogs {
    for (const directory of this.#directories) this.#guarded(directory, () => directory.loaded())
    this.#isRunning = true
    this.#scheduleCheckpoint()
    const working = this.#directories.filter((directory) => !directory.isOffline)
    const epochs = new Set(working.map((directory) => directory.brokerEpochAtStop))
    const [epoch] = epochs
    return {
      logCount: this.#logs.size,
      wasClean: working.every((directory) => directory.wasClean),
      brokerEpochAtStop: epochs.size === 1 ? (epoch ?? -1) : -1,
      duplicates,
    }
  }

  #sliceStartedMs = 0

  /** A pause is a small disk call: unlike a timer it keeps the process alive until it is over. */
  #pauseSometimes(directory: LogDirectory, next: () => void): void {
    const { clock, disk } = this.#world
    if (clock.monotonicMs() - this.#sliceStartedMs < limits.loadSliceMs) {
      next()
      return
    }
    disk.syncDirectory(directory.path, () => {
      this.#sliceStartedMs = clock.monotonicMs()
      next()
    })
  }

  #guarded(directory: LogDirectory, work: () => void): void {
    if (directory.isOffline) return
    try {
      work()
    } catch (error) {
      directory.fail(toDiskError(error))
    }
  }

  #loadFolder(directory: LogDirectory, name: string, duplicates: string[]): void {
    const parsed = parseFolderName(name)
    const folder = joinPath(directory.path, name)
    this.#guarded(directory, () => {
      switch (parsed?.kind) {
        case undefined:
        case 'stray':
          this.#world.log.info('folder is no partition of this broker', {
            directory: directory.path,
            folder: name,
          })
          return
        case 'delete':
          this.#world.disk.removeDirectory(folder)
          return
        case 'live':
        case 'future':
          this.#openFolder(directory, name, parsed.topic, parsed.partition, parsed.kind, duplicates)
      }
    })
  }

  #openFolder(
    directory: LogDirectory,
    name: string,
    topic: string,
    partition: number,
    kind: 'live' | 'future',
    duplicates: string[],
  ): void {
    const key = folderName(topic, partition)
    if (kind === 'live' && this.#logs.has(key)) {
      duplicates.push(joinPath(directory.path, name))
      this.#world.log.error('partition stands in two directories', {
        directory: directory.path,
        folder: name,
      })
      return
    }
    const identity = { topic, partition, folder: joinPath(directory.path, name) }
    const log = openLog(
      directory.environment,
      identity,
      this.#options.configOf(topic),
      directory.factsOf(name),
    )
    if (log.state.isNew) directory.cleanerOffsets.delete(key)
    if (kind === 'live') this.#add(directory, log)
    else {
      directory.futureLogs.set(key, log)
      this.#directoryOf.set(log, directory)
    }
  }

  #add(directory: LogDirectory, log: Log): void {
    const key = folderName(log.topic, log.partition)
    this.#logs.set(key, log)
    this.#directoryOf.set(log, directory)
    directory.logs.set(key, log)
  }

  #scheduleCheckpoint(): void {
    this.#world.clock.schedule(this.#options.checkpointIntervalMs, () => {
      if (!this.#isRunning) return
      for (const directory of this.#directories) directory.checkpoint()
      this.#scheduleCheckpoint()
    })
  }

  get directories(): readonly LogDirectory[] {
    return this.#directories
  }

  logs(): IterableIterator<Log> {
    return this.#logs.values()
  }

  log(topic: string, partition: number): Log | null {
    return this.#logs.get(folderName(topic, partition)) ?? null
  }

  /** The copy that is being made of a partition in another directory. */
  futureLog(topic: string, partition: number): Log | null {
    const key = folderName(topic, partition)
    for (const directory of this.#directories) {
      const log = directory.futureLogs.get(key)
      if (log !== undefined) return log
    }
    return null
  }

  directoryOf(log: Log): LogDirectory | null {
    return this.#directoryOf.get(log) ?? null
  }

  /** Creates an empty log in the named directory, or in the one with the fewest logs. */
  create(
    topic: string,
    partition: number,
    topicId: string | null,
    directoryId: string | null = null,
  ): CreateOutcome {
    if (this.log(topic, partition) !== null) {
      return { ok: false, reason: 'exists', message: `${topic}-${partition} exists` }
    }
    const directory = this.#choose(directoryId)
    if (directory === null) return { ok: false, reason: 'no-directory', message: 'no working log directory' }
    const identity = { topic, partition, folder: joinPath(directory.path, folderName(topic, partition)) }
    try {
      this.#clearTheWay(directory, topic, partition)
      const hasNamesake = directory.staleLines.has(folderName(topic, partition))
      const config = this.#options.configOf(topic)
      const log = createLog(directory.environment, identity, config, topicId, 0, hasNamesake)
      this.#add(directory, log)
      return { ok: true, log }
    } catch (thrown) {
      return this.#creationFailed(directory, identity.folder, toDiskError(thrown))
    }
  }

  /** A folder that stands where a new one shall be holds nothing that is known: it is set aside, never written into. */
  #clearTheWay(directory: LogDirectory, topic: string, partition: number): void {
    const folder = joinPath(directory.path, folderName(topic, partition))
    if (this.#world.disk.status(folder) === null) return
    const uniqueId = this.#world.random.bytes(16).toString('hex')
    const aside = suffixedFolderName(topic, partition, 'stray', uniqueId)
    this.#world.disk.rename(folder, joinPath(directory.path, aside))
  }

  #creationFailed(directory: LogDirectory, folder: string, error: DiskError): CreateOutcome {
    this.#guarded(directory, () => this.#world.disk.removeDirectory(folder))
    if (error.code === 'EIO' || error.code === 'EROFS') directory.fail(error)
    return { ok: false, reason: 'disk-failed', message: error.message }
  }

  #choose(directoryId: string | null): LogDirectory | null {
    let best: LogDirectory | null = null
    for (const directory of this.#directories) {
      if (directory.isOffline || directory.properties === null) continue
      if (directoryId !== null) {
        if (directory.properties.directoryId === directoryId) return directory
      } else if (best === null || directory.logs.size < best.logs.size) best = directory
    }
    return best
  }

  /** Takes a log away at once; its files follow after `file.delete.delay.ms`. False when there is none. */
  delete(topic: string, partition: number): boolean {
    const future = this.futureLog(topic, partition)
    if (future !== null) this.#retire(future, 'delete')
    const log = this.log(topic, partition)
    if (log === null) return false
    this.#retire(log, 'delete')
    return true
  }

  /** Sets a log aside that no topic claims any more; an operator may look at it. */
  setAside(log: Log): void {
    this.#retire(log, 'stray')
  }

  /** Renames the folder away, so that a new partition of the same name can begin at once. */
  #retire(log: Log, kind: 'delete' | 'stray'): void {
    const directory = this.#directoryOf.get(log)
    if (directory === undefined) return
    const key = folderName(log.topic, log.partition)
    if (directory.logs.get(key) === log) {
      directory.logs.delete(key)
      directory.staleLines.gone(key)
      directory.cleanerOffsets.delete(key)
      this.#logs.delete(key)
    }
    if (directory.futureLogs.get(key) === log) directory.futureLogs.delete(key)
    log.retire()
    const uniqueId = this.#world.random.bytes(16).toString('hex')
    const aside = joinPath(directory.path, suffixedFolderName(log.topic, log.partition, kind, uniqueId))
    this.#guarded(directory, () => {
      this.#world.disk.rename(log.state.folder, aside)
      directory.environment.checkpointsChanged()
      if (kind === 'delete') this.#removeLater(directory, log, aside)
    })
  }

  /** As `#retire`, and its name does not come back after a power cut: another log goes on in its place. */
  #retireForGood(log: Log): void {
    this.#retire(log, 'delete')
    const directory = this.#directoryOf.get(log)
    if (directory !== undefined)
      this.#guarded(directory, () => this.#world.disk.syncDirectorySync(directory.path))
  }

  #removeLater(directory: LogDirectory, log: Log, folder: string): void {
    this.#world.clock.schedule(log.config.fileDeleteDelayMs, () => {
      log.closeFiles()
      // A power cut must not bring half of it back under its old name. After the end of the process the next start
      // removes the folder.
      directory.environment.folderNames.request((error) => {
        if (error === null && this.#isRunning)
          this.#guarded(directory, () => this.#world.disk.removeDirectory(folder))
      })
    })
  }

  /** Begins a copy of a partition in another directory (AlterReplicaLogDirs, KIP-113). */
  createFuture(topic: string, partition: number, path: string): CreateOutcome {
    const key = folderName(topic, partition)
    const current = this.log(topic, partition)
    const directory = this.#directories.find((candidate) => candidate.path === path)
    if (current === null || directory === undefined || directory.isOffline) {
      return {
        ok: false,
        reason: 'no-directory',
        message: `no such partition or directory: ${key} in ${path}`,
      }
    }
    if (directory.logs.has(key) || this.futureLog(topic, partition) !== null) {
      return { ok: false, reason: 'exists', message: `${key} is in ${path} or on its way` }
    }
    const uniqueId = this.#world.random.bytes(16).toString('hex')
    const folder = joinPath(directory.path, suffixedFolderName(topic, partition, 'future', uniqueId))
    try {
      const identity = { topic, partition, folder }
      const log = createLog(
        directory.environment,
        identity,
        current.config,
        current.topicId,
        current.logStartOffset,
      )
      directory.futureLogs.set(key, log)
      this.#directoryOf.set(log, directory)
      return { ok: true, log }
    } catch (thrown) {
      return this.#creationFailed(directory, folder, toDiskError(thrown))
    }
  }

  /**
   * The copy has all that the original has: it takes the original's place, whose folder is deleted. Answers the
   * log that the owner must use from now on; null when there was no copy, or its folder cannot be renamed now.
   */
  promoteFuture(topic: string, partition: number): Log | null {
    const key = folderName(topic, partition)
    const future = this.futureLog(topic, partition)
    const directory = future === null ? undefined : this.#directoryOf.get(future)
    if (future === null || directory === undefined) return null
    const old = this.log(topic, partition)
    let isMoved = false
    this.#guarded(directory, () => {
      if (directory.staleLines.has(key)) markAsNew(this.#world.disk, future.state.folder)
      isMoved = future.moveFolder(joinPath(directory.path, key))
      if (isMoved) this.#world.disk.syncDirectorySync(directory.path)
    })
    if (!isMoved || directory.isOffline) return null
    directory.futureLogs.delete(key)
    if (old !== null) this.#retireForGood(old)
    future.setHighWatermark(old?.highWatermark ?? future.logEndOffset)
    this.#add(directory, future)
    directory.environment.checkpointsChanged()
    return future
  }

  /** Gives a copy up. */
  abandonFuture(topic: string, partition: number): void {
    const future = this.futureLog(topic, partition)
    if (future !== null) this.#retire(future, 'delete')
  }

  /** For DescribeLogDirs. */
  describe(): DirectoryDescription[] {
    return this.#directories.map((directory) =>
      describeDirectory(this.#world.disk, directory, (log) => this.#lagOf(log)),
    )
  }

  /** How many offsets a copy is behind its original. */
  #lagOf(future: Log): number {
    return Math.max(0, (this.log(future.topic, future.partition)?.logEndOffset ?? 0) - future.logEndOffset)
  }

  /** Saves the checkpoints now. */
  checkpoint(): Promise<void> {
    return new Promise((resolve) => {
      forEachSome(
        this.#directories,
        this.#directories.length,
        (directory, next) => directory.checkpoint(next),
        resolve,
      )
    })
  }

  /** Closes everything cleanly. */
  stop(brokerEpoch: number): Promise<void> {
    this.#isRunning = false
    return new Promise((resolve) => {
      forEachSome(
        this.#directories,
        this.#directories.length,
        (directory, next) => directory.stop(brokerEpoch, next),
        resolve,
      )
    })
  }

  /** Gives the locks back and leaves all else as after a crash. */
  abandon(): void {
    this.#isRunning = false
    for (const directory of this.#directories) directory.release()
  }
}
