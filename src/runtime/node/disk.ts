/**
 * The machine's files behind the disk port, on `node:fs` with plain file descriptors.
 *
 * It must never report a short write as a success (trap 1), never retry a failed sync (trap 7), and never
 * use a whole-file helper, a stream or a promise: those hide short writes or cost a closure per call.
 */
import fs from 'node:fs'
import {
  type DirectoryEntry,
  type Disk,
  DiskError,
  type DiskErrorCode,
  type DiskFile,
  type FileStatus,
  type OpenMode,
} from '../disk.ts'
import { lockDirectory } from './directory-lock.ts'

/** The most buffers Linux takes in one `writev` (IOV_MAX). */
const BUFFERS_PER_CALL_MAX = 1024

const KNOWN_CODES: ReadonlySet<string> = new Set<DiskErrorCode>([
  'ENOENT',
  'EEXIST',
  'ENOTEMPTY',
  'ENOTDIR',
  'EISDIR',
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EIO',
  'EROFS',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'EBADF',
])

function isKnownCode(code: string): code is DiskErrorCode {
  return KNOWN_CODES.has(code)
}

function diskError(error: unknown, path: string): DiskError {
  if (error instanceof DiskError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return new DiskError(isKnownCode(code) ? code : 'EOTHER', path, message)
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw diskError(error, path)
  }
}

function shortWrite(path: string): DiskError {
  return new DiskError('ENOSPC', path, `short write to ${path}`)
}

/** What is left of `buffers` after the first `writtenBytes` of them. */
function remaining(buffers: readonly Buffer[], writtenBytes: number): Buffer[] {
  const rest: Buffer[] = []
  let skip = writtenBytes
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length
    else {
      rest.push(skip === 0 ? buffer : buffer.subarray(skip))
      skip = 0
    }
  }
  return rest
}

function totalBytes(buffers: readonly Buffer[]): number {
  let total = 0
  for (const buffer of buffers) total += buffer.length
  return total
}

const OPEN_FLAGS: Record<OpenMode, number> = {
  read: fs.constants.O_RDONLY,
  'read-write': fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
  'create-exclusive': fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
}

class NodeDiskFile implements DiskFile {
  readonly path: string
  #descriptor: number

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  sizeBytes(): number {
    return attempt(this.path, () => fs.fstatSync(this.#descriptor).size)
  }

  readSync(target: Buffer, targetStart: number, length: number, position: number): number {
    try {
      let total = 0
      while (total < length) {
        const got = fs.readSync(
          this.#descriptor,
          target,
          targetStart + total,
          length - total,
          position + total,
        )
        if (got === 0) break
        total += got
      }
      return total
    } catch (error) {
      throw diskError(error, this.path)
    }
  }

  read(
    target: Buffer,
    targetStart: number,
    length: number,
    position: number,
    done: (error: DiskError | null, bytesRead: number) => void,
  ): void {
    const step = (total: number): void => {
      fs.read(
        this.#descriptor,
        target,
        targetStart + total,
        length - total,
        position + total,
        (error, got) => {
          if (error !== null) done(diskError(error, this.path), total)
          else if (got === 0 || total + got === length) done(null, total + got)
          else step(total + got)
        },
      )
    }
    if (length === 0) fs.fstat(this.#descriptor, () => done(null, 0))
    else step(0)
  }

  writeSync(buffers: readonly Buffer[], position: number): void {
    try {
      const only = buffers.length === 1 ? buffers[0] : undefined
      if (only !== undefined) {
        const written = fs.writeSync(this.#descriptor, only, 0, only.length, position)
        if (written < only.length) this.#writeRest([only], written, position)
        return
      }
      this.#writeRest(buffers, 0, position)
    } catch (error) {
      throw diskError(error, this.path)
    }
  }

  /** Goes on after a short call: the next one either makes progress or names the cause. */
  #writeRest(buffers: readonly Buffer[], alreadyBytes: number, position: number): void {
    let rest = remaining(buffers, alreadyBytes)
    let at = position + alreadyBytes
    while (rest.length > 0) {
      const written = fs.writevSync(this.#descriptor, rest.slice(0, BUFFERS_PER_CALL_MAX), at)
      if (written === 0 && totalBytes(rest) > 0) throw shortWrite(this.path)
      at += written
      rest = remaining(rest, written)
    }
  }

  write(buffers: readonly Buffer[], position: number, done: (error: DiskError | null) => void): void {
    const step = (rest: Buffer[], at: number): void => {
      fs.writev(this.#descriptor, rest.slice(0, BUFFERS_PER_CALL_MAX), at, (error, written) => {
        if (error !== null) return done(diskError(error, this.path))
        const left = remaining(rest, written)
        if (left.length === 0) return done(null)
        if (written === 0) return done(shortWrite(this.path))
        step(left, at + written)
      })
    }
    step(remaining(buffers, 0), position)
  }

  truncateSync(sizeBytes: number): void {
    attempt(this.path, () => fs.ftruncateSync(this.#descriptor, sizeBytes))
  }

  sync(done: (error: DiskError | null) => void): void {
    fs.fdatasync(this.#descriptor, (error) => done(error === null ? null : diskError(error, this.path)))
  }

  syncSync(): void {
    attempt(this.path, () => fs.fdatasyncSync(this.#descriptor))
  }

  close(): void {
    if (this.#descriptor < 0) return
    const descriptor = this.#descriptor
    this.#descriptor = -1
    attempt(this.path, () => fs.closeSync(descriptor))
  }
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): 'file' | 'directory' | 'other' {
  if (entry.isFile()) return 'file'
  return entry.isDirectory() ? 'directory' : 'other'
}

function statusOf(path: string): FileStatus | null {
  const status = fs.statSync(path, { throwIfNoEntry: false })
  if (status === undefined) return null
  return { kind: kindOf(status), sizeBytes: status.size, modifiedMs: status.mtimeMs }
}

function listDirectory(path: string): DirectoryEntry[] {
  return fs.readdirSync(path, { withFileTypes: true }).map((entry) => {
    if (!entry.isSymbolicLink()) return { name: entry.name, kind: kindOf(entry) }
    return { name: entry.name, kind: statusOf(`${path}/${entry.name}`)?.kind ?? 'other' }
  })
}

function syncDirectory(path: string, done: (error: DiskError | null) => void): void {
  fs.open(path, 'r', (openError, descriptor) => {
    if (openError !== null) return done(diskError(openError, path))
    fs.fsync(descriptor, (syncError) => {
      fs.closeSync(descriptor)
      done(syncError === null ? null : diskError(syncError, path))
    })
  })
}

function syncDirectorySync(path: string): void {
  const descriptor = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}

/** The disk of this machine. */
export function createNodeDisk(): Disk {
  return {
    open: (path, mode) =>
      attempt(path, () => new NodeDiskFile(path, fs.openSync(path, OPEN_FLAGS[mode], 0o644))),
    list: (path) => attempt(path, () => listDirectory(path)),
    status: (path) => attempt(path, () => statusOf(path)),
    makeDirectory(path) {
      attempt(path, () => fs.mkdirSync(path, { recursive: true }))
    },
    rename: (from, to) => attempt(from, () => fs.renameSync(from, to)),
    remove: (path) => attempt(path, () => fs.rmSync(path, { force: true })),
    removeDirectory: (path) => attempt(path, () => fs.rmSync(path, { recursive: true, force: true })),
    syncDirectory,
    syncDirectorySync: (path) => attempt(path, () => syncDirectorySync(path)),
    lock: (path) => attempt(path, () => lockDirectory(path)),
    space(path) {
      return attempt(path, () => {
        const space = fs.statfsSync(path)
        return { totalBytes: space.blocks * space.bsize, usableBytes: space.bavail * space.bsize }
      })
    },
  }
}
