/**
 * Where one embedded node keeps its data over all of its lives: in memory, or in a folder of the machine.
 *
 * Both keep what was written when a life ends, and let the dead broker do nothing more to it.
 */
import type { Clock } from '../runtime/clock.ts'
import { type Disk, joinPath } from '../runtime/disk.ts'
import { MemoryDisk } from '../runtime/memory-disk.ts'
import { LifeDisk } from './life-disk.ts'

/** The disk as one life sees it. */
export interface StorageLife {
  readonly disk: Disk
  /** Resolves when nothing of it is under way. */
  end(): Promise<void>
}

export interface NodeStorage {
  /** What `log.dirs` names. */
  readonly directory: string
  /** Nothing that was asked of it is under way. */
  readonly isIdle: boolean
  begin(): StorageLife
}

/** Gone with the process. Syncs cost nothing: no power fails here. */
export function memoryStorage(clock: Clock): NodeStorage {
  const directory = '/data'
  let underWay = 0
  const disk = new MemoryDisk({
    later(callback) {
      underWay++
      clock.endOfTurn(() => {
        underWay--
        callback()
      })
    },
    tracksDurability: false,
    wallMs: () => clock.wallMs(),
  })
  disk.makeDirectory(directory)
  return {
    directory,
    get isIdle() {
      return underWay === 0
    },
    begin: () => ({ disk, end: async () => disk.killed() }),
  }
}

/** In `folder`, which must exist, as a broker of its own would keep it. */
export function folderStorage(realDisk: Disk, folder: string, host: string): NodeStorage {
  let disk: LifeDisk | null = null
  return {
    directory: joinPath(folder, host),
    get isIdle() {
      return disk?.isIdle ?? true
    },
    begin() {
      const begun = new LifeDisk(realDisk)
      disk = begun
      return { disk: begun, end: () => begun.end() }
    },
  }
}
