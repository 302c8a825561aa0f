/**
 * A log for replication stories: one record an offset, each with the epoch that wrote it, a persisted part, and a place
 * from which on it may be damaged. Nothing of it is the broker's; what it must do is the follower's contract.
 */
import type { FollowedLog } from '../../../src/coordination/replication/partition-follower.ts'

export interface StoryRecord {
  readonly offset: number
  readonly epoch: number
  /** Different for each append, so that equal histories can be told from those of equal length. */
  readonly mark: number
}

interface EpochStart {
  readonly epoch: number
  readonly offset: number
}

export class StoryLog implements FollowedLog {
  logStartOffset = 0
  highWatermark = 0
  /** What is known to be persisted; after a start, what the checkpoint says. */
  persistedOffset = 0
  /** What a power cut leaves, known or not. */
  durableOffset = 0
  /** What a process that starts anew knows of both. */
  checkpointedHighWatermark = 0
  checkpointedPersistedOffset = 0
  damage: { readonly offset: number } | null = null
  isTrusted = false
  records: StoryRecord[] = []
  #epochs: EpochStart[] = []
  #end = 0

  get logEndOffset(): number {
    return this.#end
  }

  /** -1 before all that is known. */
  epochOf(offset: number): number {
    return this.#epochs.findLast((start) => start.offset <= offset)?.epoch ?? -1
  }

  get latestLeaderEpoch(): number {
    return this.#epochs.at(-1)?.epoch ?? -1
  }

  assignEpoch(epoch: number): void {
    if (epoch > this.latestLeaderEpoch) this.#epochs.push({ epoch, offset: this.#end })
  }

  append(record: StoryRecord): void {
    if (record.offset !== this.#end) throw new Error(`${record.offset} appended at ${this.#end}`)
    if (record.epoch !== this.latestLeaderEpoch) {
      this.#epochs = this.#epochs.filter(
        ({ offset, epoch }) => offset < record.offset && epoch < record.epoch,
      )
      this.#epochs.push({ epoch: record.epoch, offset: record.offset })
    }
    this.records.push(record)
    this.#end = record.offset + 1
  }

  persistAll(): void {
    this.persistedOffset = this.#end
    this.durableOffset = this.#end
  }

  truncateTo(offset: number): void {
    this.records = this.records.filter((record) => record.offset < offset)
    this.#end = Math.min(this.#end, offset)
    this.#epochs = this.#epochs.filter((start) => start.offset < offset)
    this.persistedOffset = Math.min(this.persistedOffset, this.#end)
    this.durableOffset = Math.min(this.durableOffset, this.#end)
    this.highWatermark = Math.min(this.highWatermark, this.#end)
    this.logStartOffset = Math.min(this.logStartOffset, this.#end)
    if (this.damage !== null && offset <= this.damage.offset) this.damage = null
  }

  restartAt(offset: number): void {
    this.records = []
    this.#epochs = []
    this.#end = offset
    this.logStartOffset = offset
    this.persistedOffset = offset
    this.durableOffset = offset
    this.highWatermark = offset
    this.damage = null
  }

  deleteBefore(offset: number): void {
    this.logStartOffset = Math.max(this.logStartOffset, offset)
    this.records = this.records.filter((record) => record.offset >= offset)
  }

  endOffsetForLeaderEpoch(leaderEpoch: number): { leaderEpoch: number; endOffset: number } {
    if (leaderEpoch < 0 || leaderEpoch > this.latestLeaderEpoch) return { leaderEpoch: -1, endOffset: -1 }
    const above = this.#epochs.findIndex(({ epoch }) => epoch > leaderEpoch)
    const endOffset = above < 0 ? this.#end : (this.#epochs[above]?.offset ?? this.#end)
    const known = above < 0 ? this.#epochs.at(-1) : this.#epochs[above - 1]
    return { leaderEpoch: known?.epoch ?? leaderEpoch, endOffset }
  }

  /** `0-4@1 5-9@3`: offsets and the epochs that wrote them. */
  get text(): string {
    const runs: { first: number; last: number; epoch: number }[] = []
    for (const { offset, epoch } of this.records) {
      const run = runs.at(-1)
      if (run !== undefined && run.epoch === epoch && run.last + 1 === offset) run.last = offset
      else runs.push({ first: offset, last: offset, epoch })
    }
    const parts = runs.map(({ first, last, epoch }) => `${first}-${last}@${epoch}`)
    return parts.length === 0 ? `empty at ${this.#end}` : parts.join(' ')
  }
}
