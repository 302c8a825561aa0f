/**
 * A small file that is replaced as a whole or not at all: draft, sync, rename, sync of the directory (trap 5).
 *
 * Writers are serialised: while one replacement is under way, later ones wait, and only the newest content
 * is written. It never leaves a half-written file under the final name.
 */
import { type Disk, DiskError } from '../runtime/disk.ts'

type Done = (error: DiskError | null) => void

const READ_CHUNK_BYTES = 64 * 1024

/** The whole file; null when it is missing. Throws `DiskError` on a read failure. */
export function readSmallFile(disk: Disk, path: string): Buffer | null {
  let file: ReturnType<Disk['open']>
  try {
    file = disk.open(path, 'read')
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return null
    throw error
  }
  try {
    const sizeBytes = file.sizeBytes()
    const content = Buffer.allocUnsafe(sizeBytes)
    let got = 0
    while (got < sizeBytes) {
      const step = file.readSync(content, got, Math.min(READ_CHUNK_BYTES, sizeBytes - got), got)
      if (step === 0) break
      got += step
    }
    return content.subarray(0, got)
  } finally {
    file.close()
  }
}

/** The directory that holds what stands at `path`; a root holds itself, and `.` what has no directory in its name. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf('/')
  return end < 0 ? '.' : path.slice(0, Math.max(1, end))
}

function asDiskError(error: unknown, path: string): DiskError {
  if (error instanceof DiskError) return error
  throw error instanceof Error ? error : new Error(`${path}: ${String(error)}`)
}

/** Replaces the file before it returns; throws `DiskError`. For start, stop and rare moments. */
export function replaceFileSync(disk: Disk, path: string, content: Buffer, syncs = true): void {
  const draft = `${path}.tmp`
  const file = disk.open(draft, 'create')
  try {
    file.truncateSync(0)
    file.writeSync([content], 0)
    if (syncs) file.syncSync()
  } finally {
    file.close()
  }
  disk.rename(draft, path)
  if (syncs) disk.syncDirectorySync(parentOf(path))
}

export class AtomicFile {
  readonly path: string
  readonly #disk: Disk
  #underWay = false
  #next: { content: () => Buffer; waiting: Done[] } | null = null

  constructor(disk: Disk, path: string) {
    this.#disk = disk
    this.path = path
  }

  get isWriting(): boolean {
    return this.#underWay
  }

  /**
   * Replaces the file with what `content` gives when its turn comes; `done` runs when that, or something
   * newer, is on the disk.
   */
  replace(content: () => Buffer, done: Done): void {
    if (this.#next === null) this.#next = { content, waiting: [done] }
    else {
      this.#next.content = content
      this.#next.waiting.push(done)
    }
    if (!this.#underWay) this.#start()
  }

  #start(): void {
    const job = this.#next
    if (job === null) return
    this.#next = null
    this.#underWay = true
    this.#write(job.content(), (error) => {
      this.#underWay = false
      this.#start()
      for (const done of job.waiting) done(error)
    })
  }

  #write(content: Buffer, done: Done): void {
    const draft = `${this.path}.tmp`
    const fail = (error: unknown): void => done(asDiskError(error, this.path))
    try {
      const file = this.#disk.open(draft, 'create')
      file.truncateSync(0)
      file.write([content], 0, (writeError) => {
        if (writeError !== null) {
          file.close()
          return fail(writeError)
        }
        file.sync((syncError) => {
          file.close()
          if (syncError !== null) return fail(syncError)
          this.#rename(draft, done)
        })
      })
    } catch (error) {
      fail(error)
    }
  }

  #rename(draft: string, done: Done): void {
    try {
      this.#disk.rename(draft, this.path)
    } catch (error) {
      done(asDiskError(error, this.path))
      return
    }
    this.#disk.syncDirectory(parentOf(this.path), done)
  }
}
