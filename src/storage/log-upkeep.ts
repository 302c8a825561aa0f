/**
 * The upkeep of one log: retention and compaction, as their plans decide, with failures turned into the log's own.
 */
import type { DiskError } from '../runtime/disk.ts'
import { Compaction, type CompactionResult } from './compaction.ts'
import { cleanableSegments } from './compaction-facts.ts'
import { type CleaningPlan, planCleaning } from './compaction-plan.ts'
import { isPassing, toDiskError } from './disk-failures.ts'
import { syncEpochs } from './log-files.ts'
import { applyRetention } from './log-retention.ts'
import type { LogState } from './log-state.ts'
import type { LogSyncer } from './log-syncer.ts'
import { BadBatchError } from './segment-stream.ts'

export interface KeptLog {
  readonly state: LogState
  readonly syncer: LogSyncer
  readonly isOffline: boolean
  readonly damage: unknown
  readonly lastStableOffset: number
  readonly durableOffset: number
  roll(nowMs: number): void
}

export interface UpkeepOwner {
  diskFailed(error: DiskError): void
  foundDamage(offset: number, reason: string): void
  logStartMoved(): void
}

export class LogUpkeep {
  readonly #log: KeptLog
  readonly #owner: UpkeepOwner

  constructor(log: KeptLog, owner: UpkeepOwner) {
    this.#log = log
    this.#owner = owner
  }

  #attempt<T>(work: () => T): T | null {
    if (this.#log.isOffline) return null
    try {
      return work()
    } catch (error) {
      const failure = toDiskError(error)
      if (!isPassing(failure)) this.#owner.diskFailed(failure)
      return null
    }
  }

  /** Removes the oldest segments as the settings say; answers how many bytes that frees. */
  applyRetention(nowMs: number): number {
    const { state, syncer } = this.#log
    const startBefore = state.logStartOffset
    const freedBytes = this.#attempt(() => applyRetention(state, syncer, () => this.#log.roll(nowMs), nowMs))
    if (state.logStartOffset !== startBefore) this.#owner.logStartMoved()
    return freedBytes ?? 0
  }

  /** What a cleaning would do now; null when the log is not for compaction, or not fit for it. */
  planCleaning(cleanedOffset: number | null): CleaningPlan | null {
    const { state, damage, lastStableOffset, durableOffset } = this.#log
    if (!state.config.compacts || damage !== null) return null
    return this.#attempt(() =>
      planCleaning({
        nowMs: state.environment.clock.wallMs(),
        logStartOffset: state.logStartOffset,
        stableOffset: Math.min(lastStableOffset, durableOffset),
        cleanedOffset,
        sealed: cleanableSegments(state),
        activeBaseOffset: state.segments.active.baseOffset,
        config: state.config,
      }),
    )
  }

  /** Cleans the log in slices; a bad batch shows as damage. null when it was given up. */
  async clean(plan: CleaningPlan): Promise<CompactionResult | null> {
    const { state, syncer } = this.#log
    const { cuts } = state
    // A segment that was cut in place would come back with what was cut away.
    const isAlive = (): boolean => !this.#log.isOffline && state.cuts === cuts
    try {
      if (!syncEpochs(state)) return null
      return await new Compaction(state, syncer, isAlive).run(plan)
    } catch (error) {
      if (error instanceof BadBatchError) this.#owner.foundDamage(error.offset, error.message)
      else {
        const failure = toDiskError(error)
        if (!isPassing(failure)) this.#owner.diskFailed(failure)
      }
      return null
    }
  }
}
