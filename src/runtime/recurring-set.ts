/**
 * A set in order of insertion whose members come and go with every request, and are the same ones again and again.
 *
 * It does what a `Set` does without its garbage (see `seats.ts`): a member that left keeps its entry in the index, and
 * only its place changes. Who keeps one must say when a member will not come again, or it is kept alive.
 */
const ABSENT = -1
/** So many empty places are passed over rather than closed. */
const GAPS_MIN = 32

export class RecurringSet<T extends object> implements Iterable<T> {
  /** In order; null where a member left. Only the first `#end` places count. */
  readonly #line: (T | null)[] = []
  readonly #placeOf = new Map<T, number>()
  #end = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  has(member: T): boolean {
    return (this.#placeOf.get(member) ?? ABSENT) !== ABSENT
  }

  /** At the end, unless it is in already. */
  add(member: T): void {
    if (this.has(member)) return
    this.#placeOf.set(member, this.#end)
    this.#line[this.#end] = member
    this.#end++
    this.#size++
  }

  /** Whether it was in. */
  delete(member: T): boolean {
    const place = this.#placeOf.get(member) ?? ABSENT
    if (place === ABSENT) return false
    this.#placeOf.set(member, ABSENT)
    this.#line[place] = null
    this.#size--
    if (this.#size === 0) this.#end = 0
    else if (this.#end > 2 * this.#size + GAPS_MIN) this.#closeGaps()
    return true
  }

  clear(): void {
    for (let place = 0; place < this.#end; place++) {
      const member = this.#line[place] ?? null
      if (member === null) continue
      this.#placeOf.set(member, ABSENT)
      this.#line[place] = null
    }
    this.#end = 0
    this.#size = 0
  }

  /** It leaves, and will not come again. */
  forget(member: T): void {
    this.delete(member)
    this.#placeOf.delete(member)
  }

  *[Symbol.iterator](): Generator<T, void, void> {
    for (let place = 0; place < this.#end; place++) {
      const member = this.#line[place] ?? null
      if (member !== null) yield member
    }
  }

  #closeGaps(): void {
    let end = 0
    for (let place = 0; place < this.#end; place++) {
      const member = this.#line[place] ?? null
      if (member === null) continue
      this.#line[end] = member
      this.#placeOf.set(member, end)
      end++
    }
    this.#line.fill(null, end, this.#end)
    this.#end = end
  }
}
