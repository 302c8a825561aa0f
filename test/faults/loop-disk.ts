/**
 * A file system of a test's own, which it may fill, break and unplug: ext4 on a loop device, or a tmpfs.
 *
 * Needs root; `whyNoDisks` tells in a sentence what is missing. Nothing outside its own folder is touched.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What becomes of the journal in a power cut: lost, or written first (metadata without its data). */
export type JournalFate = 'drop' | 'keep'

const UNMOUNT_ATTEMPTS = 50

function run(command: string, ...values: string[]): string | null {
  const result = spawnSync(command, values, { encoding: 'utf8' })
  if (result.error !== undefined) return `${command}: ${result.error.message}`
  return result.status === 0 ? null : `${command} ${values.join(' ')}: ${result.stderr.trim()}`
}

function mustRun(command: string, ...values: string[]): void {
  const problem = run(command, ...values)
  if (problem !== null) throw new Error(problem)
}

/** null where disks can be made; else why not. */
export function whyNoDisks(): string | null {
  if (process.getuid?.() !== 0) return 'only root can mount file systems'
  try {
    new LoopDisk(16).remove()
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** An ext4 whose power can be cut. */
export class LoopDisk {
  readonly mountPoint: string
  readonly #folder: string
  readonly #image: string
  #cutter: string | null = null
  #isMounted = false

  constructor(sizeMiB: number) {
    this.#folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'))
    this.#image = join(this.#folder, 'image')
    this.mountPoint = join(this.#folder, 'mount')
    mkdirSync(this.mountPoint)
    mustRun('truncate', '-s', `${sizeMiB}M`, this.#image)
    mustRun('mkfs.ext4', '-q', this.#image)
    this.mount()
  }

  mount(): void {
    mustRun('mount', '-o', 'loop', this.#image, this.mountPoint)
    this.#isMounted = true
  }

  /** Waits for the last handle of a killed process. */
  unmount(): void {
    for (let attempt = 1; ; attempt++) {
      const problem = run('umount', this.mountPoint)
      if (problem === null) break
      if (attempt === UNMOUNT_ATTEMPTS) throw new Error(problem)
      spawnSync('sleep', ['0.1'])
    }
    this.#isMounted = false
  }

  /**
   * From here on every access fails, and what was not synced is gone after the next mount. The power of others may go at
   * the same moment.
   */
  cutPower(journal: JournalFate, others: readonly LoopDisk[] = []): void {
    this.#cutter ??= this.#compileCutter()
    mustRun(this.#cutter, journal, this.mountPoint, ...others.map((disk) => disk.mountPoint))
  }

  remove(): void {
    if (this.#isMounted) this.unmount()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #compileCutter(): string {
    const program = join(this.#folder, 'power-cut')
    mustRun('cc', '-O1', '-o', program, join(import.meta.dirname, 'power-cut.c'))
    return program
  }
}

/** A file system in memory that is soon full. */
export class SmallDisk {
  readonly mountPoint: string

  constructor(sizeMiB: number) {
    this.mountPoint = mkdtempSync(join(tmpdir(), 'sluice-small-'))
    mustRun('mount', '-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', this.mountPoint)
  }

  remove(): void {
    mustRun('umount', this.mountPoint)
    rmSync(this.mountPoint, { recursive: true, force: true })
  }
}
