/**
 * A bound on open segment files: a file is opened on first use and closed when too many are open.
 *
 * Ten thousand partitions must not need thirty thousand descriptors. Which file goes is decided by second
 * chance: one that was used since the last look stays. A file with an asynchronous call under way is never
 * closed under it.
 */
import { type Disk, DiskError, type DiskFile, type OpenMode } from '../runtime/disk.ts'

export class OpenFiles {
  readonly disk: Disk
  readonly #filesMax: number
  readonly #open = new Set<PooledFile>()

  constructor(disk: Disk, filesMax: number) {
    this.disk = disk
    this.#filesMax = filesMax
  }

  get openCount(): number {
    return this.#open.size
  }

  /** Opens for `file`, making room first; out of descriptors is answered by closing half and trying once more. */
  open(file: PooledFile, mode: OpenMode): DiskFile {
    if (this.#open.size >= this.#filesMax) this.#closeIdle(this.#open.size - this.#filesMax + 1)
    let handle: DiskFile
    try {
      handle = this.disk.open(file.path, mode)
    } catch (error) {
      if (!(error instanceof DiskError) || (error.code !== 'EMFILE' && error.code !== 'ENFILE')) throw error
      this.#closeIdle(Math.ceil(this.#open.size / 2))
      handle = this.disk.open(file.path, mode)
    }
    this.#open.add(file)
    return handle
  }

  forget(file: PooledFile): void {
    this.#open.delete(file)
  }

  #closeIdle(count: number): void {
    let left = count
    for (let looked = this.#open.size * 2; looked > 0 && left > 0; looked--) {
      const [file] = this.#open
      if (file === undefined) return
      if (file.hasSecondChance()) {
        this.#open.delete(file)
        this.#open.add(file)
      } else {
        file.close()
        left--
      }
    }
  }
}

/** One file by name, open or not. */
export class PooledFile {
  #path: string
  readonly #files: OpenFiles
  #handle: DiskFile | null = null
  #holds = 0
  #usedSinceLook = false
  #closesWhenFree = false

  constructor(files: OpenFiles, path: string) {
    this.#files = files
    this.#path = path
  }

  get path(): string {
    return this.#path
  }

  /** The open file, which must exist; for synchronous calls within this turn only. */
  use(): DiskFile {
    this.#usedSinceLook = true
    return (this.#handle ??= this.#files.open(this, 'read-write'))
  }

  /** As `use`, creating the file when it is missing. */
  useOrCreate(): DiskFile {
    this.#usedSinceLook = true
    return (this.#handle ??= this.#files.open(this, 'create'))
  }

  /** As `use`, for an asynchronous call: the file stays open until `free`. */
  hold(): DiskFile {
    const handle = this.use()
    this.#holds++
    return handle
  }

  free(): void {
    this.#holds--
    if (this.#holds === 0 && this.#closesWhenFree) this.close()
  }

  hasSecondChance(): boolean {
    const used = this.#usedSinceLook || this.#holds > 0
    this.#usedSinceLook = false
    return used
  }

  /** The name changed on the disk; an open handle goes on. */
  renamed(path: string): void {
    this.#path = path
  }

  /** Closes now, or when the last asynchronous call is back. The next use opens again. */
  close(): void {
    this.#closesWhenFree = this.#holds > 0
    if (this.#closesWhenFree || this.#handle === null) return
    const handle = this.#handle
    this.#handle = null
    this.#files.forget(this)
    handle.close()
  }
}
