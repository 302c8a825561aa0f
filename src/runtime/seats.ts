/**
 * Who waits for something right now, where waiters come and go with every request.
 *
 * A `Set` allocates a new table every few deletions and links the old one to it, for iterators that may be under way.
 * Once one such table is old for the collector, every later one is kept until the next full collection: a thousand
 * waits a second cost 2 MB/s of old memory and a pause every four seconds. Seats are used again instead. It keeps no
 * order among its members.
 */
export class Seats<T extends object> implements Iterable<T> {
  readonly #members: (T | null)[] = []
  readonly #free: number[] = []

  get count(): number {
    return this.#members.length - this.#free.length
  }

  /** The seat that `member` has until it leaves it; one member may have several. */
  take(member: T): number {
    const seat = this.#free.pop()
    if (seat === undefined) return this.#members.push(member) - 1
    this.#members[seat] = member
    return seat
  }

  leave(seat: number): void {
    if ((this.#members[seat] ?? null) === null) throw new Error(`nobody has seat ${seat}`)
    this.#members[seat] = null
    this.#free.push(seat)
  }

  /** Everybody who is seated now; who leaves before its turn is left out. */
  *[Symbol.iterator](): Generator<T, void, void> {
    const seats = this.#members.length
    for (let seat = 0; seat < seats; seat++) {
      const member = this.#members[seat] ?? null
      if (member !== null) yield member
    }
  }
}
