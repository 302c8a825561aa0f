/**
 * Which lines of a directory's checkpoint files may be of a log that is gone, while another has its name by now.
 *
 * Recovery point, high watermark and log start of a deleted topic would hide what a new topic of its name holds, should the
 * broker die before the files are written again. So such a log bears a mark in its folder, by which an unclean start knows
 * that none of these lines is about it, until the files have been written without them.
 */
import { type Disk, joinPath } from '../runtime/disk.ts'

/** Stands in the folder of a log of which the checkpoint files say nothing yet. */
export const NEW_LOG_FILE = '.new'

/** Throws `DiskError`. */
export function markAsNew(disk: Disk, folder: string): void {
  disk.open(joinPath(folder, NEW_LOG_FILE), 'create').close()
}

export class StaleLines {
  /** By folder name: logs that went since the files were last begun to be written. */
  #gone = new Set<string>()
  /** Those of before, while the files are being written. */
  #goneBefore = new Set<string>()

  /** A log of that name has gone. */
  gone(name: string): void {
    this.#gone.add(name)
  }

  /** Whether the files may have lines of an earlier log of that name. */
  has(name: string): boolean {
    return this.#gone.has(name) || this.#goneBefore.has(name)
  }

  /** The files are written from now on. */
  writingBegins(): void {
    this.#goneBefore = this.#gone
    this.#gone = new Set()
  }

  /** They are on the disk, or not all of them. */
  writingEnds(isComplete: boolean): void {
    if (!isComplete) for (const name of this.#goneBefore) this.#gone.add(name)
    this.#goneBefore = new Set()
  }
}
