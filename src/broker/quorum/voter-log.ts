/**
 * The sets of voters that configuration, snapshot and log name, and from which offset on each counts.
 *
 * The Raft node has its own copy; this one says which voters a snapshot of some offset has to name. Bounded by the
 * changes since the snapshot before the last, which only an operator makes.
 */
import type { Voter } from '../../coordination/raft/message.ts'
import type { VotersAt } from './metadata-batches.ts'

/** Where the configuration's voters stand: before the log. */
const CONFIGURED_OFFSET = -1

export class VoterLog {
  readonly #configured: VotersAt
  #sets: VotersAt[]

  /** `later`: of the snapshot and the log, oldest first. */
  constructor(configured: readonly Voter[], later: readonly VotersAt[]) {
    this.#configured = { offset: CONFIGURED_OFFSET, voters: configured }
    this.#sets = [this.#configured, ...later]
  }

  /** Oldest first; never empty. */
  get sets(): readonly VotersAt[] {
    return this.#sets
  }

  get current(): readonly Voter[] {
    return this.#before(Number.POSITIVE_INFINITY).voters
  }

  /** The voters that the log names below `offset`; null while only the configuration does. */
  namedBefore(offset: number): readonly Voter[] | null {
    const set = this.#before(offset)
    return set === this.#configured ? null : set.voters
  }

  #before(offset: number): VotersAt {
    return this.#sets.findLast((set) => set.offset < offset) ?? this.#configured
  }

  add(set: VotersAt): void {
    this.#sets.push(set)
  }

  truncate(offset: number): void {
    this.#sets = this.#sets.filter((set) => set.offset < offset)
  }

  /** A snapshot has replaced everything below `endOffset`; null: it names none, so the configuration's count. */
  reset(endOffset: number, voters: readonly Voter[] | null): void {
    this.#sets = voters === null ? [this.#configured] : [this.#configured, { offset: endOffset - 1, voters }]
  }

  /** Sets that no offset from `offset` on needs are forgotten. */
  prune(offset: number): void {
    const needed = this.#sets.findLastIndex((set) => set.offset < offset)
    if (needed > 0) this.#sets = [this.#configured, ...this.#sets.slice(needed)]
  }
}
