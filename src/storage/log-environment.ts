/**
 * What all logs of one directory share: the world, the pools, and the directory's own fate.
 */
import type { Clock } from '../runtime/clock.ts'
import type { Disk, DiskError } from '../runtime/disk.ts'
import type { Log } from '../runtime/log.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { GroupSync } from './group-sync.ts'
import type { OpenFiles } from './open-files.ts'
import type { SyncSlots } from './sync-slots.ts'

export interface LogEnvironment {
  readonly clock: Clock
  readonly disk: Disk
  readonly events: Log
  readonly files: OpenFiles
  readonly buffers: BufferPool
  readonly syncs: SyncSlots
  /** Makes the names of new partition folders survive a power cut. */
  readonly folderNames: GroupSync
  /** The log directory (`log.dirs` entry) that holds the partition folders. */
  readonly directoryPath: string
  /** A failure that the disk will not recover from: the whole directory goes offline (trap 7). */
  directoryFailed(error: DiskError): void
  /**
   * The log is about to be cut below its recovery point: `done` runs when no checkpoint on the disk claims
   * more than `recoveryPoint` any longer, or the directory has failed. Bytes written over the cut would otherwise be
   * taken for proven ones.
   */
  lowerRecoveryPoint(topic: string, partition: number, recoveryPoint: number, done: () => void): void
  /** Something that the directory's checkpoint files say has changed. */
  checkpointsChanged(): void
}
