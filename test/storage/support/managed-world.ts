/**
 * A log manager on the memory disk, for tests that kill it, cut its power, and start it again.
 */
import { silentLog } from '../../../src/runtime/log.ts'
import { type DiskOperation, MemoryDisk } from '../../../src/runtime/memory-disk.ts'
import type { Random } from '../../../src/runtime/random.ts'
import type { Log } from '../../../src/storage/log.ts'
import { defaultLogConfig, type LogConfig } from '../../../src/storage/log-config.ts'
import { type LoadedLogs, LogManager } from '../../../src/storage/log-manager.ts'
import { TestClock } from './world.ts'

/** Numbers that follow from a seed alone (mulberry32). */
export function dice(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }
}

export class ManagedWorld {
  readonly clock: TestClock
  /** Completes an asynchronous call of the disk; a test may hold some back. */
  later: (callback: () => void, operation: DiskOperation) => void
  readonly disk: MemoryDisk
  readonly random: Random
  readonly directories: readonly string[]
  config: LogConfig
  manager: LogManager

  constructor(
    config: Partial<LogConfig> = {},
    directories: readonly string[] = ['/data'],
    seed = 1,
    clock = new TestClock(),
    /** What the disk holds at first; null nothing. */
    held: MemoryDisk | null = null,
  ) {
    const roll = dice(seed)
    this.clock = clock
    this.later = (callback) => this.clock.schedule(1, callback)
    this.random = {
      bytes: (sizeBytes) => Buffer.from(Array.from({ length: sizeBytes }, () => roll(256))),
      below: roll,
    }
    const options = {
      later: (callback: () => void, operation: DiskOperation) => this.later(callback, operation),
      tracksDurability: true,
      wallMs: () => this.clock.nowMs,
    }
    this.disk = held?.copy(options) ?? new MemoryDisk(options)
    this.directories = directories
    this.config = { ...defaultLogConfig, timestampAfterMaxMs: Number.POSITIVE_INFINITY, ...config }
    this.manager = this.#create()
  }

  /** Another manager on the same disk: a second broker, or the next life of this one. */
  another(): LogManager {
    return this.#create()
  }

  #create(): LogManager {
    return new LogManager(
      { clock: this.clock, disk: this.disk, random: this.random, log: silentLog },
      {
        directories: this.directories,
        configOf: () => this.config,
        openFilesMax: 100,
        checkpointIntervalMs: 100,
      },
    )
  }

  /** Opens, formats and loads; answers what was found. */
  async start(): Promise<LoadedLogs> {
    this.manager = this.#create()
    this.manager.openDirectories()
    this.manager.format(1, 'cluster')
    return this.#finish(this.manager.load())
  }

  /** Moves time until the promise is settled. */
  async #finish<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const finished = promise.finally(() => {
      isDone = true
    })
    while (!isDone) {
      this.clock.advance(1)
      await Promise.resolve()
    }
    return finished
  }

  async stop(): Promise<void> {
    await this.#finish(this.manager.stop(5))
    this.clock.forget()
  }

  async checkpoint(): Promise<void> {
    await this.#finish(this.manager.checkpoint())
  }

  /** The process dies at once; with `power` the machine does. */
  kill(power?: (limit: number) => number): void {
    this.clock.forget()
    this.manager.abandon()
    if (power !== undefined) this.disk.crash(power)
  }

  log(partition = 0): Log {
    const log = this.manager.log('t', partition)
    if (log === null) throw new Error(`no log t-${partition}`)
    return log
  }

  create(partition = 0): Log {
    const outcome = this.manager.create('t', partition, 'AAAAAAAAAAAAAAAAAAAAAQ')
    if (!outcome.ok) throw new Error(outcome.message)
    return outcome.log
  }

  settle(): void {
    this.clock.advance(50)
  }

  /** All bytes that the log answers from `fromOffset` on. */
  read(log: Log, fromOffset: number): Buffer {
    const parts: Buffer[] = []
    let offset = fromOffset
    for (;;) {
      let next = offset
      let failure: string | null = null
      const options = {
        sizeBytesMax: 1024 * 1024,
        upperBoundOffset: Number.POSITIVE_INFINITY,
        atLeastOneBatch: true,
        skipsEmptyBatches: false,
      }
      log.read(offset, options, (outcome) => {
        if (!outcome.ok) {
          failure = outcome.message
          return
        }
        parts.push(...outcome.buffers.map((buffer) => Buffer.from(buffer)))
        outcome.release()
        next = outcome.nextOffset
      })
      this.settle()
      if (failure !== null) throw new Error(failure)
      if (next === offset) return Buffer.concat(parts)
      offset = next
    }
  }
}
