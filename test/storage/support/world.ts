/**
 * A small deterministic world for storage tests: a disk in memory, a clock that moves when told, logs on it.
 */
import type { Clock, Timer } from '../../../src/runtime/clock.ts'
import type { DiskError } from '../../../src/runtime/disk.ts'
import { limits } from '../../../src/runtime/limits.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import { MemoryDisk } from '../../../src/runtime/memory-disk.ts'
import type { AppendOptions, AppendOutcome } from '../../../src/storage/append-outcome.ts'
import { BufferPool } from '../../../src/storage/buffer-pool.ts'
import { GroupSync } from '../../../src/storage/group-sync.ts'
import type { Log } from '../../../src/storage/log.ts'
import { defaultLogConfig, type LogConfig } from '../../../src/storage/log-config.ts'
import type { LogEnvironment } from '../../../src/storage/log-environment.ts'
import { createLog, type OpenFacts, openLog } from '../../../src/storage/log-open.ts'
import { OpenFiles } from '../../../src/storage/open-files.ts'
import type { LogSlice, ReadOptions, ReadOutcome } from '../../../src/storage/read-outcome.ts'
import { SyncSlots } from '../../../src/storage/sync-slots.ts'

interface Scheduled {
  readonly atMs: number
  readonly order: number
  readonly callback: () => void
}

export class TestClock implements Clock {
  nowMs = 1_700_000_000_000
  #order = 0
  #timers: Scheduled[] = []
  #endOfTurn: Array<() => void> = []

  wallMs(): number {
    return this.nowMs
  }

  monotonicMs(): number {
    return this.nowMs
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const entry = { atMs: this.nowMs + delayMs, order: this.#order++, callback }
    this.#timers.push(entry)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((timer) => timer !== entry)
      },
    }
  }

  endOfTurn(callback: () => void): void {
    this.#endOfTurn.push(callback)
  }

  /** Ends the turn: runs what waits for its end, and what follows from that. */
  turn(): void {
    while (this.#endOfTurn.length > 0) this.#endOfTurn.shift()?.()
  }

  forget(): void {
    this.#timers = []
    this.#endOfTurn = []
  }

  /** Moves time on, running timers in order, each in its own turn. */
  advance(ms: number): void {
    const until = this.nowMs + ms
    this.turn()
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= until)
      due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
      const next = due[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.callback()
      this.turn()
    }
    this.nowMs = until
  }
}

export const DIRECTORY = '/data'

export class TestWorld {
  readonly clock = new TestClock()
  readonly disk: MemoryDisk
  environment: LogEnvironment
  failures: DiskError[] = []
  loweredTo: number[] = []
  logs: Log[] = []

  constructor() {
    this.disk = new MemoryDisk({
      later: (callback) => this.clock.schedule(1, callback),
      tracksDurability: true,
      wallMs: () => this.clock.nowMs,
    })
    this.disk.makeDirectory(DIRECTORY)
    this.disk.syncDirectorySync('/')
    this.environment = this.#environment()
  }

  #environment(): LogEnvironment {
    return {
      clock: this.clock,
      disk: this.disk,
      events: silentLog,
      files: new OpenFiles(this.disk, 100),
      buffers: new BufferPool(),
      syncs: new SyncSlots(limits.syncsPerDirectoryMax),
      folderNames: new GroupSync(this.disk, DIRECTORY),
      directoryPath: DIRECTORY,
      directoryFailed: (error) => {
        this.failures.push(error)
        for (const log of this.logs) log.goOffline(error)
      },
      lowerRecoveryPoint: (_topic, _partition, recoveryPoint, done) => {
        this.loweredTo.push(recoveryPoint)
        done()
      },
      checkpointsChanged: () => {},
    }
  }

  create(config: Partial<LogConfig> = {}, startOffset = 0): Log {
    const log = createLog(
      this.environment,
      { topic: 't', partition: 0, folder: `${DIRECTORY}/t-0` },
      { ...defaultLogConfig, timestampAfterMaxMs: Number.POSITIVE_INFINITY, ...config },
      null,
      startOffset,
    )
    this.logs.push(log)
    return log
  }

  open(facts: Partial<OpenFacts>, config: Partial<LogConfig> = {}): Log {
    const log = openLog(
      this.environment,
      { topic: 't', partition: 0, folder: `${DIRECTORY}/t-0` },
      { ...defaultLogConfig, timestampAfterMaxMs: Number.POSITIVE_INFINITY, ...config },
      {
        wasClean: false,
        recoveryPoint: null,
        logStartOffset: null,
        highWatermark: null,
        rewritesTail: false,
        ...facts,
      },
    )
    this.logs.push(log)
    return log
  }

  /** The process dies; with `dice` the power fails too. */
  die(dice?: (limit: number) => number): void {
    this.logs = []
    this.clock.forget()
    if (dice !== undefined) this.disk.crash(dice)
    this.environment = this.#environment()
  }

  /** Lets everything that is under way come to its end. */
  settle(): void {
    this.clock.advance(50)
  }

  append(log: Log, records: Buffer, options: Partial<AppendOptions> = {}): AppendOutcome {
    return log.append(records, { origin: 'client', leaderEpoch: 0, nowMs: this.clock.nowMs, ...options })
  }

  read(log: Log, fromOffset: number, options: Partial<ReadOptions> = {}): ReadOutcome {
    let answer: ReadOutcome | null = null
    const wish = {
      sizeBytesMax: 1024 * 1024,
      upperBoundOffset: Number.POSITIVE_INFINITY,
      atLeastOneBatch: true,
      skipsEmptyBatches: true,
      ...options,
    }
    log.read(fromOffset, wish, (outcome) => {
      answer = outcome
    })
    this.settle()
    if (answer === null) throw new Error('the read never answered')
    return answer
  }

  /** Base offsets of the batches that a read answers; releases it. */
  offsets(log: Log, fromOffset: number, options: Partial<ReadOptions> = {}): number[] {
    const outcome = this.read(log, fromOffset, options)
    if (!outcome.ok) throw new Error(`read failed: ${outcome.errorCode} ${outcome.message}`)
    return batchOffsets(outcome)
  }

  files(): string[] {
    return this.disk
      .list(`${DIRECTORY}/t-0`)
      .map((entry) => entry.name)
      .sort()
  }

  content(name: string): Buffer {
    const path = `${DIRECTORY}/t-0/${name}`
    const bytes = Buffer.alloc(this.disk.status(path)?.sizeBytes ?? 0)
    this.disk.open(path, 'read').readSync(bytes, 0, bytes.length, 0)
    return bytes
  }
}

export function batchOffsets(slice: LogSlice): number[] {
  const bytes = Buffer.concat(slice.buffers)
  slice.release()
  const offsets: number[] = []
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8))
    offsets.push(Number(bytes.readBigInt64BE(at)))
  return offsets
}
