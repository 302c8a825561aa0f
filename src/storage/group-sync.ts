/**
 * One directory sync for all who want it at the same time: creating a thousand partitions must not sync their
 * common parent a thousand times.
 *
 * A request that comes while a sync is under way waits for the next one: the one under way may have begun too
 * early for it (trap 6).
 */
import type { Disk, DiskError } from '../runtime/disk.ts'

type Done = (error: DiskError | null) => void

export class GroupSync {
  readonly #disk: Disk
  readonly #path: string
  #waiting: Done[] = []
  #isSyncing = false

  constructor(disk: Disk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  /** `done` runs when a sync that began after this call has come back. */
  request(done: Done): void {
    this.#waiting.push(done)
    if (!this.#isSyncing) this.#start()
  }

  #start(): void {
    const served = this.#waiting
    this.#waiting = []
    this.#isSyncing = true
    this.#disk.syncDirectory(this.#path, (error) => {
      this.#isSyncing = false
      if (this.#waiting.length > 0) this.#start()
      for (const done of served) done(error)
    })
  }
}
