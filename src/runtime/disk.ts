/**
 * The port to files and directories: everything that storage may ask of a disk, and nothing else.
 *
 * Positions are always explicit, so no call depends on an earlier one. Synchronous calls are for small,
 * warm work (they block the event loop for microseconds), callbacks for everything that may wait. Every
 * failure is a `DiskError` with the system's code: thrown by synchronous calls, passed by the others.
 * A short write is a failure (`ENOSPC` if the system names no cause), never a smaller success (trap 1).
 */

export type DiskErrorCode =
  | 'ENOENT'
  | 'EEXIST'
  | 'ENOTEMPTY'
  | 'ENOTDIR'
  | 'EISDIR'
  | 'ENOSPC'
  | 'EDQUOT'
  | 'EFBIG'
  | 'EIO'
  | 'EROFS'
  | 'EACCES'
  | 'EPERM'
  | 'EMFILE'
  | 'ENFILE'
  | 'EBADF'
  | 'EOTHER'

export class DiskError extends Error {
  readonly code: DiskErrorCode
  readonly path: string
  constructor(code: DiskErrorCode, path: string, message: string) {
    super(message)
    this.name = 'DiskError'
    this.code = code
    this.path = path
  }
}

export type OpenMode = 'read' | 'read-write' | 'create' | 'create-exclusive'

/** One open file. Reads past the end are short; writes beyond the end extend the file. */
export interface DiskFile {
  readonly path: string
  /** Size as the file system tells it now. */
  sizeBytes(): number
  /** Reads up to `length` bytes at `position`; returns how many were there (0 at the end). */
  readSync(target: Buffer, targetStart: number, length: number, position: number): number
  read(
    target: Buffer,
    targetStart: number,
    length: number,
    position: number,
    done: (error: DiskError | null, bytesRead: number) => void,
  ): void
  /** Writes all buffers one behind the other at `position`, wholly, or throws. */
  writeSync(buffers: readonly Buffer[], position: number): void
  write(buffers: readonly Buffer[], position: number, done: (error: DiskError | null) => void): void
  truncateSync(sizeBytes: number): void
  /** fdatasync: what was written before the call is on the disk when `done` comes without an error. After an error nothing may be assumed, ever (trap 7). */
  sync(done: (error: DiskError | null) => void): void
  syncSync(): void
  /** Idempotent; must not be called with an asynchronous call still under way on this file. */
  close(): void
}

export interface DirectoryEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'other'
}

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'other'
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** An exclusive claim on a directory, held until `release` or the end of the process. */
export interface DirectoryLock {
  release(): void
}

export interface Disk {
  open(path: string, mode: OpenMode): DiskFile
  /** Entries in no particular order. */
  list(path: string): DirectoryEntry[]
  /** null when nothing of that name exists. */
  status(path: string): FileStatus | null
  /** Creates the directory and its missing parents. */
  makeDirectory(path: string): void
  rename(from: string, to: string): void
  /** Removes a file; a missing one is no error. */
  remove(path: string): void
  /** Removes a directory with all it holds; a missing one is no error. */
  removeDirectory(path: string): void
  /** Makes created, renamed and removed names of this directory survive a power cut (trap 4). */
  syncDirectory(path: string, done: (error: DiskError | null) => void): void
  syncDirectorySync(path: string): void
  /** Claims a directory; null when another live process holds it. */
  lock(path: string): DirectoryLock | null
  /** Bytes that the file system of `path` holds, and has left for us; null where the system does not tell. */
  space(path: string): { readonly totalBytes: number; readonly usableBytes: number } | null
}

/** Joins with `/`; storage never needs more of a path library than this. */
export function joinPath(...parts: string[]): string {
  return parts.join('/')
}
