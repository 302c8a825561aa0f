/**
 * A real disk for one life of a node in this process: when the life ends, so do its open files and its claims.
 *
 * What was written stays, as after SIGKILL. A dead broker's calls fail or never answer. What is under way in the system when
 * it dies has to come back first: a late write must not fall into what the next life makes of a file, or into whatever the
 * number of its descriptor means by then.
 */
import {
  type DirectoryEntry,
  type DirectoryLock,
  type Disk,
  DiskError,
  type DiskFile,
  type FileStatus,
  type OpenMode,
} from '../runtime/disk.ts'

interface Life {
  isOver: boolean
  /** Calls that have not come back. */
  underWay: number
  /** The last one has, and the life is over. */
  drained: () => void
  readonly files: Set<LifeFile>
}

class LifeFile implements DiskFile {
  readonly #file: DiskFile
  readonly #life: Life
  #underWay = 0
  #isClosed = false

  constructor(file: DiskFile, life: Life) {
    this.#file = file
    this.#life = life
    life.files.add(this)
  }

  get path(): string {
    return this.#file.path
  }

  sizeBytes(): number {
    return this.#use().sizeBytes()
  }

  readSync(target: Buffer, targetStart: number, length: number, position: number): number {
    return this.#use().readSync(target, targetStart, length, position)
  }

  read(
    target: Buffer,
    targetStart: number,
    length: number,
    position: number,
    done: (error: DiskError | null, bytesRead: number) => void,
  ): void {
    this.#use().read(target, targetStart, length, position, this.#whileAlive(done))
  }

  writeSync(buffers: readonly Buffer[], position: number): void {
    this.#use().writeSync(buffers, position)
  }

  write(buffers: readonly Buffer[], position: number, done: (error: DiskError | null) => void): void {
    this.#use().write(buffers, position, this.#whileAlive(done))
  }

  truncateSync(sizeBytes: number): void {
    this.#use().truncateSync(sizeBytes)
  }

  sync(done: (error: DiskError | null) => void): void {
    this.#use().sync(this.#whileAlive(done))
  }

  syncSync(): void {
    this.#use().syncSync()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#life.files.delete(this)
    this.#file.close()
  }

  /** The life is over. */
  lifeEnded(): void {
    if (this.#underWay === 0) this.close()
  }

  #use(): DiskFile {
    if (this.#life.isOver)
      throw new DiskError('EBADF', this.path, `the process that opened ${this.path} is dead`)
    return this.#file
  }

  #whileAlive<T extends readonly unknown[]>(done: (...results: T) => void): (...results: T) => void {
    this.#underWay++
    this.#life.underWay++
    return (...results) => {
      this.#underWay--
      this.#life.underWay--
      if (!this.#life.isOver) done(...results)
      else if (this.#underWay === 0) this.close()
      if (this.#life.underWay === 0) this.#life.drained()
    }
  }
}

export class LifeDisk implements Disk {
  readonly #disk: Disk
  readonly #life: Life = { isOver: false, underWay: 0, drained: () => {}, files: new Set() }
  readonly #locks = new Set<DirectoryLock>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  get isIdle(): boolean {
    return this.#life.isOver || this.#life.underWay === 0
  }

  /** Resolves when nothing is under way any more, and nothing open or claimed. */
  async end(): Promise<void> {
    const life = this.#life
    life.isOver = true
    for (const file of [...life.files]) file.lifeEnded()
    if (life.underWay > 0)
      await new Promise<void>((resolve) => {
        life.drained = resolve
      })
    for (const lock of this.#locks) lock.release()
  }

  open(path: string, mode: OpenMode): DiskFile {
    return new LifeFile(this.#use(path).open(path, mode), this.#life)
  }

  list(path: string): DirectoryEntry[] {
    return this.#use(path).list(path)
  }

  status(path: string): FileStatus | null {
    return this.#use(path).status(path)
  }

  makeDirectory(path: string): void {
    this.#use(path).makeDirectory(path)
  }

  rename(from: string, to: string): void {
    this.#use(from).rename(from, to)
  }

  remove(path: string): void {
    this.#use(path).remove(path)
  }

  removeDirectory(path: string): void {
    this.#use(path).removeDirectory(path)
  }

  syncDirectory(path: string, done: (error: DiskError | null) => void): void {
    this.#life.underWay++
    this.#use(path).syncDirectory(path, (error) => {
      this.#life.underWay--
      if (!this.#life.isOver) done(error)
      if (this.#life.underWay === 0) this.#life.drained()
    })
  }

  syncDirectorySync(path: string): void {
    this.#use(path).syncDirectorySync(path)
  }

  lock(path: string): DirectoryLock | null {
    const lock = this.#use(path).lock(path)
    if (lock !== null) this.#locks.add(lock)
    return lock
  }

  space(path: string): { readonly totalBytes: number; readonly usableBytes: number } | null {
    return this.#disk.space(path)
  }

  #use(path: string): Disk {
    if (this.#life.isOver) throw new DiskError('EBADF', path, `the process that uses ${path} is dead`)
    return this.#disk
  }
}
