/**
 * The segments of one log in order: never empty, the last one is active.
 */
import type { Segment } from './segment.ts'

export class Segments {
  #list: Segment[]

  constructor(list: readonly Segment[]) {
    if (list.length === 0) throw new Error('a log has at least one segment')
    this.#list = [...list]
  }

  get all(): readonly Segment[] {
    return this.#list
  }

  get active(): Segment {
    const last = this.#list.at(-1)
    if (last === undefined) throw new Error('a log has at least one segment')
    return last
  }

  get first(): Segment {
    return this.#list[0] ?? this.active
  }

  get count(): number {
    return this.#list.length
  }

  get sizeBytes(): number {
    let total = 0
    for (const segment of this.#list) total += segment.sizeBytes
    return total
  }

  at(index: number): Segment | undefined {
    return this.#list[index]
  }

  add(segment: Segment): void {
    if (segment.baseOffset <= this.active.baseOffset) {
      throw new Error(`segment ${segment.baseOffset} does not follow ${this.active.baseOffset}`)
    }
    this.#list.push(segment)
  }

  /** Index of the segment whose range holds `offset` (the last with a base at or below it); -1 below the first. */
  indexOf(offset: number): number {
    let low = 0
    let high = this.#list.length
    // Most reads and appends are at the end.
    if (this.active.baseOffset <= offset) return high - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#list[middle]?.baseOffset ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** Takes segments out of the list; the caller deletes their files. At least one must remain. */
  removeAll(retired: ReadonlySet<Segment>): void {
    const rest = this.#list.filter((segment) => !retired.has(segment))
    if (rest.length === 0) throw new Error('a log keeps at least one segment')
    for (const segment of retired) segment.isRetired = true
    this.#list = rest
  }

  /** Puts `replacement` in the place of `replaced` (neighbours, in order). */
  replace(replaced: readonly Segment[], replacement: Segment): void {
    const start = replaced[0] === undefined ? -1 : this.#list.indexOf(replaced[0])
    if (start < 0) throw new Error(`segment ${replacement.baseOffset} replaces none of this log`)
    for (const segment of replaced) segment.isRetired = true
    this.#list.splice(start, replaced.length, replacement)
  }

  /** All go, `fresh` is the only one. */
  resetTo(fresh: Segment): void {
    for (const segment of this.#list) segment.isRetired = true
    this.#list = [fresh]
  }
}
