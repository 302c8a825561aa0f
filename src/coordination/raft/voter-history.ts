/**
 * Sets of voters as the log has them: the newest counts, committed or not (Ongaro 2014, chapter 4).
 *
 * A cut of the log takes back the sets that it cuts, so the ones before are kept until a snapshot makes them certain.
 */
import { assert } from './assert.ts'
import type { Voter } from './message.ts'

interface VoterEntry {
  /** Of the entry that holds the set; -1 of the configuration. */
  readonly offset: number
  readonly voters: readonly Voter[]
}

export class VoterHistory {
  /** Oldest first, never empty. */
  #entries: VoterEntry[]

  constructor(entries: readonly VoterEntry[]) {
    this.#entries = entries.length === 0 ? [{ offset: -1, voters: [] }] : [...entries]
  }

  get current(): readonly Voter[] {
    return this.#last().voters
  }

  /** Where the current set stands in the log; -1 when it is only configured. */
  get currentOffset(): number {
    return this.#last().offset
  }

  /** The newest set that is committed below `highWatermark`, and all after it: any of these may turn out to count. */
  possible(highWatermark: number): readonly (readonly Voter[])[] {
    const certain = this.#entries.findLastIndex((entry) => entry.offset < highWatermark)
    return this.#entries.slice(Math.max(0, certain)).map(({ voters }) => voters)
  }

  append(offset: number, voters: readonly Voter[]): void {
    assert(offset > this.currentOffset, 'sets of voters come in the order of the log')
    this.#entries.push({ offset, voters })
  }

  /** Everything from `offset` on has gone from the log. */
  truncate(offset: number): void {
    const kept = this.#entries.filter((entry) => entry.offset < offset)
    assert(kept.length > 0, 'the first set of voters is never cut')
    this.#entries = kept
  }

  /** Nothing before `offset` will ever be cut: one set from there is enough. */
  prune(offset: number): void {
    const certain = this.#entries.findLastIndex((entry) => entry.offset < offset)
    if (certain > 0) this.#entries.splice(0, certain)
  }

  /** A snapshot has replaced the log; one without voters leaves those of the configuration. */
  reset(endOffset: number, voters: readonly Voter[]): void {
    if (voters.length > 0) this.#entries = [{ offset: endOffset - 1, voters }]
    else this.#entries = this.#entries.slice(0, 1)
  }

  #last(): VoterEntry {
    const last = this.#entries.at(-1)
    assert(last !== undefined, 'there is always a set of voters')
    return last
  }
}
