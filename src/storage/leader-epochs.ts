/**
 * Which leader epoch wrote which offsets: a short rising list of (epoch, first offset), held in memory.
 *
 * Decides where a follower and its leader part ways (KIP-101, KIP-279, KIP-320). It is rebuilt from the
 * batches themselves on recovery, so its file may lag (trap 8); entries never contradict the log: they are
 * cut whenever the log is cut (KAFKA-10706).
 */
import type { EpochStart } from './checkpoint.ts'
import type { EpochEndOffset } from './read-outcome.ts'

const UNKNOWN: EpochEndOffset = { leaderEpoch: -1, endOffset: -1 }

export class LeaderEpochs {
  #entries: EpochStart[]
  #isDirty = false
  #hasUnsavedEpoch = false

  constructor(entries: readonly EpochStart[] = []) {
    this.#entries = [...entries]
  }

  get entries(): readonly EpochStart[] {
    return this.#entries
  }

  get latestEpoch(): number {
    return this.#entries.at(-1)?.epoch ?? -1
  }

  /** True when the file no longer says what is here. */
  get isDirty(): boolean {
    return this.#isDirty
  }

  /** True when an epoch began of which the file may not know: its batches alone tell it for sure. */
  get hasUnsavedEpoch(): boolean {
    return this.#hasUnsavedEpoch
  }

  markSaved(): void {
    this.#isDirty = false
    this.#hasUnsavedEpoch = false
  }

  /** What had been taken for saved could not be written. */
  markUnsaved(): void {
    this.#isDirty = true
    this.#hasUnsavedEpoch = true
  }

  /** Takes over what the file says. */
  load(entries: readonly EpochStart[]): void {
    this.#entries = [...entries]
    this.markSaved()
  }

  /**
   * `epoch` begins at `startOffset`. Entries that contradict it (a later epoch, or one that begins
   * at or past it) go. Returns whether anything changed.
   */
  assign(epoch: number, startOffset: number): boolean {
    const last = this.#entries.at(-1)
    if (last !== undefined && last.epoch === epoch && last.startOffset <= startOffset) return false
    if (epoch < 0) return false
    this.#entries = this.#entries.filter((entry) => entry.epoch < epoch && entry.startOffset < startOffset)
    this.#entries.push({ epoch, startOffset })
    this.markUnsaved()
    return true
  }

  /**
   * The largest known epoch at or below `epoch`, and the offset at which the next one begins. An epoch
   * below all known ones ends where the first known begins; one above all is unknown.
   */
  endOffsetFor(epoch: number, logEndOffset: number): EpochEndOffset {
    const entries = this.#entries
    const last = entries.at(-1)
    if (last === undefined || epoch < 0 || epoch > last.epoch) return UNKNOWN
    if (epoch === last.epoch) return { leaderEpoch: epoch, endOffset: logEndOffset }
    const above = entries.findIndex((entry) => entry.epoch > epoch)
    const endOffset = entries[above]?.startOffset ?? logEndOffset
    return { leaderEpoch: entries[above - 1]?.epoch ?? epoch, endOffset }
  }

  /** The epoch that wrote `offset`; -1 when it lies before all that is known. */
  epochOf(offset: number): number {
    return this.#entries.findLast((entry) => entry.startOffset <= offset)?.epoch ?? -1
  }

  /** The log now ends at `offset`. */
  truncateFromEnd(offset: number): void {
    if (!this.#entries.some((entry) => entry.startOffset >= offset)) return
    this.#entries = this.#entries.filter((entry) => entry.startOffset < offset)
    this.#isDirty = true
  }

  /** The log now begins at `offset`: older epochs go, the one that is cut begins there. */
  truncateFromStart(offset: number): void {
    const first = this.#entries[0]
    if (first === undefined || first.startOffset >= offset) return
    const cut = this.#entries.findLast((entry) => entry.startOffset <= offset)
    this.#entries = this.#entries.filter((entry) => entry.startOffset > offset)
    if (cut !== undefined) this.#entries.unshift({ epoch: cut.epoch, startOffset: offset })
    this.#isDirty = true
  }

  clear(): void {
    this.#isDirty ||= this.#entries.length > 0
    this.#entries = []
  }
}
