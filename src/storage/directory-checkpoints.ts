/**
 * The checkpoint files of one log directory: recovery points, high watermarks, log starts, cleaner points.
 *
 * Each is replaced as a whole, writers are serialised per file (trap 5). A file that cannot be read tells
 * nothing: its lines are unknown, not zero.
 */
import type { Disk, DiskError } from '../runtime/disk.ts'
import { joinPath } from '../runtime/disk.ts'
import { AtomicFile, readSmallFile, replaceFileSync } from './atomic-file.ts'
import { decodePartitionOffsets, encodePartitionOffsets, type PartitionOffset } from './checkpoint.ts'
import { folderName } from './folder-names.ts'

const FILES = {
  recoveryPoint: 'recovery-point-offset-checkpoint',
  highWatermark: 'replication-offset-checkpoint',
  logStart: 'log-start-offset-checkpoint',
  cleaner: 'cleaner-offset-checkpoint',
} as const

export type CheckpointKind = keyof typeof FILES

/** What the files say; a kind is null when its file is missing or void. */
export type CheckpointedOffsets = Readonly<Record<CheckpointKind, ReadonlyMap<string, number> | null>>

export class DirectoryCheckpoints {
  readonly #files: Readonly<Record<CheckpointKind, AtomicFile>>
  readonly #disk: Disk

  constructor(disk: Disk, directoryPath: string) {
    const file = (kind: CheckpointKind): AtomicFile =>
      new AtomicFile(disk, joinPath(directoryPath, FILES[kind]))
    this.#disk = disk
    this.#files = {
      recoveryPoint: file('recoveryPoint'),
      highWatermark: file('highWatermark'),
      logStart: file('logStart'),
      cleaner: file('cleaner'),
    }
  }

  /** Throws `DiskError`. */
  read(): CheckpointedOffsets {
    return {
      recoveryPoint: this.#read('recoveryPoint'),
      highWatermark: this.#read('highWatermark'),
      logStart: this.#read('logStart'),
      cleaner: this.#read('cleaner'),
    }
  }

  #read(kind: CheckpointKind): Map<string, number> | null {
    const content = readSmallFile(this.#disk, this.#files[kind].path)
    const entries = content === null ? null : decodePartitionOffsets(content)
    if (entries === null) return null
    return new Map(entries.map((entry) => [folderName(entry.topic, entry.partition), entry.offset]))
  }

  /** Writes a file without a line, if there is none. Throws `DiskError`. */
  createEmpty(kind: CheckpointKind): void {
    const { path } = this.#files[kind]
    if (this.#disk.status(path) === null) replaceFileSync(this.#disk, path, encodePartitionOffsets([]))
  }

  /** Replaces one file with what `entries` gives when its turn comes. */
  write(
    kind: CheckpointKind,
    entries: () => PartitionOffset[],
    done: (error: DiskError | null) => void,
  ): void {
    this.#files[kind].replace(() => encodePartitionOffsets(entries()), done)
  }
}
