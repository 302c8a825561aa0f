/**
 * A disk in memory behind the disk port: for embedded clusters, for tests, and for the simulator.
 *
 * It is deterministic: asynchronous calls complete through the given scheduler, faults come from the given hook, and a
 * crash asks what of the unsynced bytes and directory entries survives (`crash-survival.ts`). It knows the difference
 * between written and synced for contents and for names (trap 4), and can be copied as it stands.
 */

import { type Dice, drawnSurvival, type Survival } from './crash-survival.ts'
import {
  type DirectoryEntry,
  type DirectoryLock,
  type Disk,
  DiskError,
  type DiskErrorCode,
  type DiskFile,
  type FileStatus,
  type OpenMode,
} from './disk.ts'
import { MemoryDirectory, type MemoryNode } from './memory-directory.ts'
import { MemoryFile } from './memory-file.ts'

export type DiskOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'rename'
  | 'remove'
  | 'makeDirectory'
  | 'syncDirectory'
  | 'list'

export interface MemoryDiskOptions {
  /** Runs an asynchronous call's completion later; the simulator adds latency here. */
  readonly later: (callback: () => void, operation: DiskOperation) => void
  /** False (embedded clusters that never crash) saves the journal of unsynced writes. */
  readonly tracksDurability: boolean
  readonly wallMs: () => number
}

/** How a call goes wrong: it fails, a write after some bytes, a read answers what the disk held before, a sync does nothing. */
export type DiskFault =
  | DiskErrorCode
  | { readonly kind: 'short-write'; readonly code: DiskErrorCode; readonly writtenBytes: number }
  | { readonly kind: 'stale-read' }
  | { readonly kind: 'lying-sync' }

/** Changes of one file, or of one directory's names, that no sync covered. */
export interface Unsynced {
  readonly kind: 'names' | 'content'
  readonly node: MemoryNode
}

function isOf(fault: DiskFault | null, kind: 'stale-read' | 'lying-sync'): boolean {
  return typeof fault === 'object' && fault?.kind === kind
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

export class MemoryDisk implements Disk {
  readonly #options: MemoryDiskOptions
  #root = new MemoryDirectory(0)
  #nodes = 1
  /** By the id of the file. */
  readonly #modifiedMs = new Map<number, number>()
  readonly #locks = new Set<string>()
  #boots = 0
  /** Bytes that all files together may hold; a write beyond is cut short with ENOSPC (trap 1). */
  capacityBytes = Number.POSITIVE_INFINITY
  /** Asked before every operation; null lets it be. */
  fault: (operation: DiskOperation, path: string) => DiskFault | null = () => null
  /** Operations that were let be, by kind. */
  readonly counts = new Map<DiskOperation, number>()

  constructor(options: MemoryDiskOptions) {
    this.#options = options
  }

  /** The power fails: open files are dead, calls under way never answer, unsynced state is in the dice's hands. */
  crash(dice: Dice): void {
    this.crashLeaving(drawnSurvival(dice))
  }

  /** As `crash`, leaving what is told. */
  crashLeaving(survival: Survival): void {
    this.killed()
    this.#root.crash(survival)
  }

  /** Another disk, of another machine, that holds what this one holds now, written and synced; nobody has it open. */
  copy(options: MemoryDiskOptions): MemoryDisk {
    const other = new MemoryDisk(options)
    other.#root = this.#root.copy(new Map())
    other.#nodes = this.#nodes
    for (const [id, modifiedMs] of this.#modifiedMs) other.#modifiedMs.set(id, modifiedMs)
    return other
  }

  /** All that a power cut would ask a survival about. */
  unsynced(): Unsynced[] {
    const found: Unsynced[] = []
    const seen = new Set<MemoryNode>()
    const visit = (node: MemoryNode): void => {
      if (seen.has(node)) return
      seen.add(node)
      const kind = node instanceof MemoryDirectory ? 'names' : 'content'
      if (node.unsynced.length > 0) found.push({ kind, node })
      if (node instanceof MemoryDirectory) for (const inside of node.nodes()) visit(inside)
    }
    visit(this.#root)
    return found
  }

  /** The process ends and the machine runs on: open files are dead, calls under way never answer, all that was written stays. */
  killed(): void {
    this.#boots += 1
    this.#locks.clear()
  }

  /** Turns one bit of a file, now and on the disk. */
  flipBit(path: string, position: number, bit: number): void {
    const byte = Buffer.alloc(1)
    this.#file(path).read(byte, 0, 1, position)
    byte.writeUInt8(byte.readUInt8(0) ^ (1 << bit), 0)
    this.corrupt(path, position, byte)
  }

  /** Other bytes stand there, now and on the disk: a write that went astray, a sector that rotted. */
  corrupt(path: string, position: number, bytes: Buffer): void {
    this.#file(path).corrupt(position, bytes)
  }

  open(path: string, mode: OpenMode): DiskFile {
    this.#check('open', path)
    const [directory, name] = this.#parent(path)
    let node = directory.names.get(name)
    if (node instanceof MemoryDirectory) throw new DiskError('EISDIR', path, `is a directory: ${path}`)
    if (node !== undefined && mode === 'create-exclusive')
      throw new DiskError('EEXIST', path, `exists: ${path}`)
    if (node === undefined) {
      if (mode === 'read' || mode === 'read-write')
        throw new DiskError('ENOENT', path, `no such file: ${path}`)
      node = new MemoryFile(this.#nodes++, this.#options.tracksDurability)
      this.#modifiedMs.set(node.id, this.#options.wallMs())
      directory.change([[name, node]])
    }
    return this.#handle(path, node, mode === 'read')
  }

  #handle(path: string, file: MemoryFile, readOnly: boolean): DiskFile {
    let openFile: MemoryFile | null = file
    const boot = this.#boots
    const use = (operation: DiskOperation): readonly [MemoryFile, DiskFault | null] => {
      if (openFile === null || boot !== this.#boots) throw new DiskError('EBADF', path, `not open: ${path}`)
      if (readOnly && (operation === 'write' || operation === 'truncate')) {
        throw new DiskError('EBADF', path, `not open for writing: ${path}`)
      }
      return [openFile, this.#check(operation, path)]
    }
    const writeSync = (buffers: readonly Buffer[], position: number): void => {
      const [used, fault] = use('write')
      this.#write(used, path, buffers, position, fault)
    }
    const readSync = (target: Buffer, targetStart: number, length: number, position: number): number => {
      const [used, fault] = use('read')
      if (isOf(fault, 'stale-read')) return used.readStale(target, targetStart, length, position)
      return used.read(target, targetStart, length, position)
    }
    return {
      path,
      sizeBytes: () => (openFile ?? file).sizeBytes,
      readSync,
      read: (target, targetStart, length, position, done) =>
        this.#later('read', path, () => readSync(target, targetStart, length, position), done, 0),
      writeSync,
      write: (buffers, position, done) =>
        this.#later(
          'write',
          path,
          () => writeSync(buffers, position),
          (error) => done(error),
          undefined,
        ),
      truncateSync: (sizeBytes) => {
        use('truncate')[0].truncate(sizeBytes)
      },
      sync: (done) => {
        const steps = file.syncTarget()
        this.#later(
          'sync',
          path,
          () => this.#sync(() => use('sync')[1], file, steps),
          (error) => done(error),
          undefined,
        )
      },
      syncSync: () => this.#sync(() => use('sync')[1], file, file.syncTarget()),
      close: () => {
        openFile = null
      },
    }
  }

  #sync(use: () => DiskFault | null, file: MemoryFile, target: number): void {
    let fault: DiskFault | null
    try {
      fault = use()
    } catch (error) {
      if (error instanceof DiskError && error.code !== 'EBADF') file.forgetUnsynced()
      throw error
    }
    if (!isOf(fault, 'lying-sync')) file.sync(target)
  }

  #write(
    file: MemoryFile,
    path: string,
    buffers: readonly Buffer[],
    position: number,
    fault: DiskFault | null,
  ): void {
    const isShort = typeof fault === 'object' && fault?.kind === 'short-write'
    const free = Number.isFinite(this.capacityBytes)
      ? Math.max(0, this.capacityBytes - this.usedBytes())
      : Number.POSITIVE_INFINITY
    const end = Math.min(
      file.sizeBytes + free,
      isShort ? position + fault.writtenBytes : Number.POSITIVE_INFINITY,
    )
    let at = position
    for (const buffer of buffers) {
      const fits = buffer.subarray(0, Math.max(0, end - at))
      if (fits.length > 0) file.write(fits, at)
      at += buffer.length
    }
    this.#modifiedMs.set(file.id, this.#options.wallMs())
    if (at <= end) return
    throw new DiskError(isShort ? fault.code : 'ENOSPC', path, `no space left for ${path}`)
  }

  #later<T>(
    operation: DiskOperation,
    path: string,
    work: () => T,
    done: (error: DiskError | null, value: T) => void,
    otherwise: T,
  ): void {
    const boot = this.#boots
    this.#options.later(() => {
      if (boot !== this.#boots) return
      let value = otherwise
      let failure: DiskError | null = null
      try {
        value = work()
      } catch (error) {
        failure = error instanceof DiskError ? error : new DiskError('EOTHER', path, String(error))
      }
      done(failure, value)
    }, operation)
  }

  /** Throws what makes the operation fail; answers how it goes wrong otherwise. */
  #check(operation: DiskOperation, path: string): DiskFault | null {
    const fault = this.fault(operation, path)
    if (typeof fault === 'string') throw new DiskError(fault, path, `${fault} on ${operation} of ${path}`)
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1)
    return fault
  }

  #find(path: string): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#root
    for (const part of split(path)) {
      if (!(node instanceof MemoryDirectory)) return undefined
      node = node.names.get(part)
    }
    return node
  }

  #file(path: string): MemoryFile {
    const node = this.#find(path)
    if (!(node instanceof MemoryFile)) throw new DiskError('ENOENT', path, `no such file: ${path}`)
    return node
  }

  #directory(path: string): MemoryDirectory {
    const node = this.#find(path)
    if (node === undefined) throw new DiskError('ENOENT', path, `no such directory: ${path}`)
    if (!(node instanceof MemoryDirectory)) throw new DiskError('ENOTDIR', path, `not a directory: ${path}`)
    return node
  }

  #parent(path: string): [MemoryDirectory, string] {
    const parts = split(path)
    const name = parts.pop() ?? ''
    return [this.#directory(parts.join('/')), name]
  }

  list(path: string): DirectoryEntry[] {
    this.#check('list', path)
    return [...this.#directory(path).names].map(([name, node]) => ({
      name,
      kind: node instanceof MemoryFile ? 'file' : 'directory',
    }))
  }

  status(path: string): FileStatus | null {
    const node = this.#find(path)
    if (node === undefined) return null
    if (node instanceof MemoryDirectory) return { kind: 'directory', sizeBytes: 0, modifiedMs: 0 }
    return { kind: 'file', sizeBytes: node.sizeBytes, modifiedMs: this.#modifiedMs.get(node.id) ?? 0 }
  }

  /** One call for each level that is missing. */
  makeDirectory(path: string): void {
    let directory = this.#root
    let asked = false
    for (const part of split(path)) {
      let next = directory.names.get(part)
      if (next === undefined) {
        this.#check('makeDirectory', path)
        asked = true
        next = new MemoryDirectory(this.#nodes++)
        directory.change([[part, next]])
      }
      if (!(next instanceof MemoryDirectory)) throw new DiskError('EEXIST', path, `a file stands at ${path}`)
      directory = next
    }
    if (!asked) this.#check('makeDirectory', path)
  }

  rename(from: string, to: string): void {
    this.#check('rename', from)
    const [source, sourceName] = this.#parent(from)
    const [target, targetName] = this.#parent(to)
    const node = source.names.get(sourceName)
    if (node === undefined) throw new DiskError('ENOENT', from, `no such name: ${from}`)
    if (source === target) {
      source.change([
        [sourceName, null],
        [targetName, node],
      ])
    } else {
      target.change([[targetName, node]])
      source.change([[sourceName, null]])
    }
  }

  remove(path: string): void {
    this.#check('remove', path)
    const [directory, name] = this.#parent(path)
    if (directory.names.has(name)) directory.change([[name, null]])
  }

  /** One call for each name inside, and one for the directory's own. */
  removeDirectory(path: string): void {
    const node = this.#find(path)
    if (node instanceof MemoryDirectory)
      for (const name of [...node.names.keys()]) this.removeDirectory(`${path}/${name}`)
    this.remove(path)
  }

  syncDirectory(path: string, done: (error: DiskError | null) => void): void {
    const node = this.#find(path)
    const target = node instanceof MemoryDirectory ? node.syncTarget() : 0
    const finish = (error: DiskError | null): void => done(error)
    this.#later('syncDirectory', path, () => this.#syncNames(path, target), finish, undefined)
  }

  syncDirectorySync(path: string): void {
    this.#syncNames(path, this.#directory(path).syncTarget())
  }

  #syncNames(path: string, target: number): void {
    const fault = this.#check('syncDirectory', path)
    const directory = this.#directory(path)
    if (!isOf(fault, 'lying-sync')) directory.sync(target)
  }

  lock(path: string): DirectoryLock | null {
    const key = split(path).join('/')
    if (this.#locks.has(key)) return null
    this.#locks.add(key)
    const boot = this.#boots
    return {
      release: () => {
        if (boot === this.#boots) this.#locks.delete(key)
      },
    }
  }

  space(_path: string): { readonly totalBytes: number; readonly usableBytes: number } | null {
    if (!Number.isFinite(this.capacityBytes)) return null
    return {
      totalBytes: this.capacityBytes,
      usableBytes: Math.max(0, this.capacityBytes - this.usedBytes()),
    }
  }

  /** Bytes of all files that have a name. */
  usedBytes(): number {
    const count = (directory: MemoryDirectory): number => {
      let total = 0
      for (const node of directory.names.values()) {
        total += node instanceof MemoryFile ? node.sizeBytes : count(node)
      }
      return total
    }
    return count(this.#root)
  }
}
