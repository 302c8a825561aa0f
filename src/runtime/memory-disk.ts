/**
 * A disk in memory behind the disk port: for embedded clusters, for tests, and for the simulator.
 *
 * It is deterministic: asynchronous calls complete through the given scheduler, faults come from the given
 * hook, and a crash asks the given dice what of the unsynced bytes and directory entries survives. It knows
 * the difference between written and synced for contents and for names (trap 4).
 */
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
import { type Dice, MemoryFile } from './memory-file.ts'

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

type Node = MemoryFile | MemoryDirectory

/** One change of a directory's names; a rename is a single step of the directory it happens in. */
type NameStep = ReadonlyArray<readonly [name: string, node: Node | null]>

class MemoryDirectory {
  readonly names = new Map<string, Node>()
  readonly durable = new Map<string, Node>()
  #journal: NameStep[] = []
  #settled = 0

  change(step: NameStep): void {
    for (const [name, node] of step) {
      if (node === null) this.names.delete(name)
      else this.names.set(name, node)
    }
    this.#journal.push(step)
  }

  /** The point that a sync which starts now will cover. */
  syncTarget(): number {
    return this.#settled + this.#journal.length
  }

  /** Makes the changes up to the point `target` survive a power cut. */
  sync(target: number): void {
    const covered = this.#journal.splice(0, Math.max(0, target - this.#settled))
    this.#settled += covered.length
    for (const step of covered) {
      for (const [name, node] of step) {
        if (node === null) this.durable.delete(name)
        else this.durable.set(name, node)
      }
    }
  }

  crash(dice: Dice): void {
    const pending = this.#journal.length
    if (pending > 0) this.sync(this.#settled + dice(pending + 1))
    this.#settled += this.#journal.length
    this.#journal = []
    this.names.clear()
    for (const [name, node] of this.durable) {
      node.crash(dice)
      this.names.set(name, node)
    }
  }
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

export class MemoryDisk implements Disk {
  readonly #options: MemoryDiskOptions
  readonly #root = new MemoryDirectory()
  readonly #modifiedMs = new WeakMap<MemoryFile, number>()
  readonly #locks = new Set<string>()
  #boots = 0
  /** Bytes that all files together may hold; a write beyond is cut short with ENOSPC (trap 1). */
  capacityBytes = Number.POSITIVE_INFINITY
  /** Asked before every operation; a code makes it fail. */
  fault: (operation: DiskOperation, path: string) => DiskErrorCode | null = () => null
  /** Completed operations by kind, for tests that count. */
  readonly counts = new Map<DiskOperation, number>()

  constructor(options: MemoryDiskOptions) {
    this.#options = options
  }

  /** The power fails: open files are dead, calls under way never answer, unsynced state is in the dice's hands. */
  crash(dice: Dice): void {
    this.#boots += 1
    this.#locks.clear()
    this.#root.crash(dice)
  }

  /** The process ends and the machine runs on: open files are dead, calls under way never answer, all that was written stays. */
  killed(): void {
    this.#boots += 1
    this.#locks.clear()
  }

  /** Turns one bit of a file, now and on the disk. */
  flipBit(path: string, position: number, bit: number): void {
    this.#file(path).flipBit(position, bit)
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
      node = new MemoryFile(this.#options.tracksDurability)
      this.#modifiedMs.set(node, this.#options.wallMs())
      directory.change([[name, node]])
    }
    return this.#handle(path, node, mode === 'read')
  }

  #handle(path: string, file: MemoryFile, readOnly: boolean): DiskFile {
    let openFile: MemoryFile | null = file
    const boot = this.#boots
    const use = (operation: DiskOperation): MemoryFile => {
      if (openFile === null || boot !== this.#boots) throw new DiskError('EBADF', path, `not open: ${path}`)
      if (readOnly && (operation === 'write' || operation === 'truncate')) {
        throw new DiskError('EBADF', path, `not open for writing: ${path}`)
      }
      this.#check(operation, path)
      return openFile
    }
    const writeSync = (buffers: readonly Buffer[], position: number): void => {
      this.#write(use('write'), path, buffers, position)
    }
    const readSync = (target: Buffer, targetStart: number, length: number, position: number): number =>
      use('read').read(target, targetStart, length, position)
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
        use('truncate').truncate(sizeBytes)
      },
      sync: (done) => {
        const steps = file.syncTarget()
        this.#later(
          'sync',
          path,
          () => this.#sync(use, file, steps),
          (error) => done(error),
          undefined,
        )
      },
      syncSync: () => this.#sync(use, file, file.syncTarget()),
      close: () => {
        openFile = null
      },
    }
  }

  #sync(use: (operation: DiskOperation) => MemoryFile, file: MemoryFile, target: number): void {
    try {
      use('sync').sync(target)
    } catch (error) {
      if (error instanceof DiskError && error.code !== 'EBADF') file.forgetUnsynced()
      throw error
    }
  }

  #write(file: MemoryFile, path: string, buffers: readonly Buffer[], position: number): void {
    let at = position
    const bounded = Number.isFinite(this.capacityBytes)
    for (const buffer of buffers) {
      const free = bounded ? Math.max(0, this.capacityBytes - this.usedBytes()) : Number.POSITIVE_INFINITY
      const growth = Math.max(0, at + buffer.length - file.sizeBytes)
      if (growth > free) {
        file.write(buffer.subarray(0, Math.max(0, buffer.length - (growth - free))), at)
        throw new DiskError('ENOSPC', path, `no space left for ${path}`)
      }
      file.write(buffer, at)
      at += buffer.length
    }
    this.#modifiedMs.set(file, this.#options.wallMs())
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

  #check(operation: DiskOperation, path: string): void {
    const code = this.fault(operation, path)
    if (code !== null) throw new DiskError(code, path, `${code} on ${operation} of ${path}`)
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1)
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root
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
    return { kind: 'file', sizeBytes: node.sizeBytes, modifiedMs: this.#modifiedMs.get(node) ?? 0 }
  }

  makeDirectory(path: string): void {
    this.#check('makeDirectory', path)
    let directory = this.#root
    for (const part of split(path)) {
      let next = directory.names.get(part)
      if (next === undefined) {
        next = new MemoryDirectory()
        directory.change([[part, next]])
      }
      if (!(next instanceof MemoryDirectory)) throw new DiskError('EEXIST', path, `a file stands at ${path}`)
      directory = next
    }
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

  removeDirectory(path: string): void {
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
    this.#check('syncDirectory', path)
    this.#directory(path).sync(target)
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
