/**
 * Runs retention, compaction and the forgetting of silent producers over all logs, on the clock.
 *
 * Works in slices so that clients never wait for it; compaction takes the dirtiest log first, one at a time.
 * It decides nothing: the plans do.
 */
import type { Clock, Timer } from '../runtime/clock.ts'
import type { Log as EventLog } from '../runtime/log.ts'
import type { CleaningPlan } from './compaction-plan.ts'
import { folderName } from './folder-names.ts'
import type { Log } from './log.ts'
import type { LogManager } from './log-manager.ts'
import { Slices } from './segment-stream.ts'

export interface MaintenanceOptions {
  /** `log.retention.check.interval.ms` */
  readonly retentionCheckIntervalMs: number
  /** `log.cleaner.backoff.ms`: rest when no log needs cleaning. */
  readonly cleanerBackoffMs: number
  /** `log.cleaner.enable` */
  readonly cleans: boolean
  /** `producer.id.expiration.check.interval.ms` */
  readonly producerCheckIntervalMs: number
}

interface DueLog {
  readonly log: Log
  readonly plan: CleaningPlan
}

export class LogMaintenance {
  readonly #manager: LogManager
  readonly #clock: Clock
  readonly #events: EventLog
  readonly #options: MaintenanceOptions
  #timers: Timer[] = []
  #isRunning = false
  #isCleaning = false

  constructor(manager: LogManager, clock: Clock, events: EventLog, options: MaintenanceOptions) {
    this.#manager = manager
    this.#clock = clock
    this.#events = events
    this.#options = options
  }

  start(): void {
    this.#isRunning = true
    this.#every(this.#options.retentionCheckIntervalMs, () => this.applyRetention())
    this.#every(this.#options.producerCheckIntervalMs, () => this.expireProducers())
    if (this.#options.cleans) this.#every(this.#options.cleanerBackoffMs, () => this.clean())
  }

  stop(): void {
    this.#isRunning = false
    for (const timer of this.#timers) timer.cancel()
    this.#timers = []
  }

  get isCleaning(): boolean {
    return this.#isCleaning
  }

  /** Runs `work` again and again; the pause begins when it is done. */
  #every(intervalMs: number, work: () => Promise<unknown>): void {
    const timer = this.#clock.schedule(intervalMs, () => {
      this.#timers = this.#timers.filter((pending) => pending !== timer)
      work().then(
        () => this.#again(intervalMs, work),
        (error: unknown) => {
          this.#events.error('log maintenance failed', { error: String(error) })
          this.#again(intervalMs, work)
        },
      )
    })
    this.#timers.push(timer)
  }

  #again(intervalMs: number, work: () => Promise<unknown>): void {
    if (this.#isRunning) this.#every(intervalMs, work)
  }

  async #forEachLog(work: (log: Log) => void): Promise<void> {
    const slices = new Slices(this.#clock)
    for (const log of [...this.#manager.logs()]) {
      work(log)
      const pause = slices.pause()
      if (pause !== null) await pause
    }
  }

  /** Deletes what no log has to keep any more; answers the bytes freed. */
  async applyRetention(): Promise<number> {
    let freedBytes = 0
    await this.#forEachLog((log) => {
      freedBytes += log.upkeep.applyRetention(this.#clock.wallMs())
    })
    return freedBytes
  }

  async expireProducers(): Promise<void> {
    await this.#forEachLog((log) => {
      log.expireProducers(this.#clock.wallMs())
    })
  }

  /** Cleans every log that is due, the dirtiest first; answers how many were cleaned. */
  async clean(): Promise<number> {
    if (this.#isCleaning) return 0
    this.#isCleaning = true
    const tried = new Set<Log>()
    let cleaned = 0
    try {
      for (;;) {
        const due = await this.#dirtiest(tried)
        if (due === null) return cleaned
        tried.add(due.log)
        if (await this.#cleanLog(due)) cleaned++
      }
    } finally {
      this.#isCleaning = false
    }
  }

  async #dirtiest(tried: ReadonlySet<Log>): Promise<DueLog | null> {
    let best: DueLog | null = null
    await this.#forEachLog((log) => {
      if (tried.has(log)) return
      const plan = log.upkeep.planCleaning(this.#cleanedOffset(log))
      if (plan?.isDue === true && plan.dirtyRatio > (best?.plan.dirtyRatio ?? -1)) best = { log, plan }
    })
    return best
  }

  #cleanedOffset(log: Log): number | null {
    return this.#manager.directoryOf(log)?.cleanerOffsets.get(folderName(log.topic, log.partition)) ?? null
  }

  async #cleanLog({ log, plan }: DueLog): Promise<boolean> {
    const result = await log.upkeep.clean(plan)
    if (result === null || result.cleanedOffset === null) return false
    this.#manager.directoryOf(log)?.cleanerMoved(folderName(log.topic, log.partition), result.cleanedOffset)
    this.#events.info('log cleaned', {
      topic: log.topic,
      partition: log.partition,
      cleanedOffset: result.cleanedOffset,
      bytesBefore: result.bytesBefore,
      bytesAfter: result.bytesAfter,
      recordsDropped: result.recordsDropped,
    })
    return true
  }
}
