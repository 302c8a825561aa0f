/**
 * One node's terms of leadership: when it leads, when it is active, and who is told.
 *
 * It leads from its LeaderChange on, and is active once it serves that: then it serves everything that was committed
 * before. Whoever was told of a term is told of its end.
 */
import type { LeadershipListener } from './metadata-quorum.ts'

export class LeadershipTerm {
  #epoch = -1
  /** One past the LeaderChange. */
  #beginOffset = -1
  #isAnnounced = false
  readonly #listeners: LeadershipListener[] = []

  get leads(): boolean {
    return this.#epoch >= 0
  }

  /** -1 while it does not lead. */
  get epoch(): number {
    return this.#epoch
  }

  begin(epoch: number, beginOffset: number): void {
    this.#epoch = epoch
    this.#beginOffset = beginOffset
  }

  /** Whether serving everything below `offset` makes the leader active; true once in a term. */
  activates(offset: number): boolean {
    if (!this.leads || this.#isAnnounced || offset < this.#beginOffset) return false
    this.#isAnnounced = true
    return true
  }

  announce(): void {
    for (const listener of this.#listeners) listener.lead(this.#epoch)
  }

  end(): void {
    const wasAnnounced = this.#isAnnounced
    this.#epoch = -1
    this.#isAnnounced = false
    if (wasAnnounced) for (const listener of this.#listeners) listener.resign()
  }

  /** Called at once when the term has been announced already. */
  listen(listener: LeadershipListener): void {
    this.#listeners.push(listener)
    if (this.#isAnnounced) listener.lead(this.#epoch)
  }
}
