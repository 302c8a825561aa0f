/**
 * One broker's storage on a disk of which every call can be stopped at, and the ledger of what it acknowledged.
 */
import type { MemoryDisk } from '../../../src/runtime/memory-disk.ts'
import type { Log } from '../../../src/storage/log.ts'
import type { LogConfig } from '../../../src/storage/log-config.ts'
import type { LoadedLogs } from '../../../src/storage/log-manager.ts'
import { testBatch } from '../../storage/support/batches.ts'
import { ManagedWorld } from '../../storage/support/managed-world.ts'
import { TestClock } from '../../storage/support/world.ts'
import { Ledger } from './ledger.ts'

export interface Setting {
  readonly config: Partial<LogConfig>
  readonly directories: readonly string[]
}

const PRODUCER = 7n
const VALUE_BYTES = 300

export class Scene {
  readonly world: ManagedWorld
  readonly ledger: Ledger
  readonly setting: Setting
  /** What the operation said of failures, in words. */
  readonly told: string[] = []
  /** This life was stopped; nothing can follow in it. */
  isOver = false

  constructor(setting: Setting, disk: MemoryDisk | null = null, ledger = new Ledger(), nowMs?: number) {
    const clock = new TestClock()
    if (nowMs !== undefined) clock.nowMs = nowMs
    this.world = new ManagedWorld(setting.config, setting.directories, 1, clock, disk)
    this.ledger = ledger
    this.setting = setting
  }

  /** Opens what is there, and follows what is acknowledged. */
  async start(): Promise<LoadedLogs> {
    const loaded = await this.world.start()
    for (const partition of this.ledger.partitions) {
      const log = this.log(partition)
      if (log === null) continue
      this.ledger.endsAt(partition, log.logEndOffset)
      this.#follow(partition, log)
    }
    return loaded
  }

  log(partition = 0): Log | null {
    return this.world.manager.log('t', partition)
  }

  get failures(): string[] {
    return this.world.manager.directories.flatMap(({ failure }) =>
      failure === null ? [] : [failure.message],
    )
  }

  create(partition = 0): Log | null {
    this.ledger.created(partition)
    const outcome = this.world.manager.create('t', partition, 'AAAAAAAAAAAAAAAAAAAAAQ')
    if (!outcome.ok) {
      this.told.push(outcome.message)
      return null
    }
    this.#follow(partition, outcome.log)
    return outcome.log
  }

  /** The log took the place of another, or was opened again. */
  follow(partition: number): void {
    const log = this.log(partition)
    if (log !== null) this.#follow(partition, log)
  }

  #follow(partition: number, log: Log): void {
    log.setListener({
      written() {},
      durable: (endOffset) => this.ledger.acknowledged(partition, endOffset),
      failed: (fromOffset, code) => {
        this.told.push(`append failed with ${code}`)
        this.ledger.endsAt(partition, fromOffset)
      },
      logStartOffsetMoved() {},
      offline: (reason) => void this.told.push(reason),
    })
  }

  /** Appends a record of a producer and asks for it to be durable; acknowledged by the ledger when it is. */
  append(partition: number, key: string, epoch: number): void {
    const log = this.log(partition)
    if (log === null) return
    const known = log.activeProducers().find(({ producerId }) => producerId === PRODUCER)
    const value = `${key}-${log.logEndOffset}-${epoch}-`.padEnd(VALUE_BYTES, '.')
    const batch = testBatch({
      records: [{ key, value }],
      baseTimestamp: this.world.clock.nowMs,
      producerId: PRODUCER,
      producerEpoch: epoch,
      baseSequence: known?.producerEpoch === epoch ? known.lastSequence + 1 : 0,
    })
    const outcome = log.append(batch, {
      origin: 'coordinator',
      leaderEpoch: epoch,
      nowMs: this.world.clock.nowMs,
    })
    if (!outcome.ok) this.told.push(outcome.message)
    else this.ledger.appended(partition, { offset: outcome.baseOffset, key, value, epoch })
    log.requestDurable()
  }

  /** Lets time pass, in which everything that is under way comes to its end. */
  async pass(ms = 60): Promise<void> {
    for (let at = 0; at < ms; at++) {
      this.world.clock.advance(1)
      for (let turn = 0; turn < 4; turn++) await Promise.resolve()
    }
  }

  /** Throws what of the ledger does not hold. */
  check(): void {
    if (this.failures.length > 0) throw new Error(`a directory failed: ${this.failures.join()}`)
    this.ledger.check(
      (partition) => this.log(partition),
      (log) => this.world.read(log, log.logStartOffset),
    )
  }

  /** The disk as it stands now; nothing happens on it. */
  frozen(): MemoryDisk {
    return frozenCopy(this.world.disk)
  }
}

export function frozenCopy(disk: MemoryDisk): MemoryDisk {
  const dead = (): never => {
    throw new Error('nobody uses this disk')
  }
  return disk.copy({ later: dead, tracksDurability: true, wallMs: () => 0 })
}
