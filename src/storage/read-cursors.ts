/**
 * Where the readers of a log stopped: whoever reads on from there needs no index.
 *
 * A few places suffice (followers and consumers at the tail); the oldest is overwritten. A place is only a
 * hint: a retired segment or an unknown offset means looking it up.
 */
import type { Segment } from './segment.ts'

const PLACES_MAX = 8

interface Place {
  readonly offset: number
  readonly segment: Segment
  readonly position: number
}

export class ReadCursors {
  #places: Place[] = []
  #next = 0

  /** The position in `segment` at which the batch with exactly this first wanted offset begins; -1 if unknown. */
  find(offset: number, segment: Segment): number {
    for (const place of this.#places) {
      if (place.offset === offset && place.segment === segment) return place.position
    }
    return -1
  }

  remember(offset: number, segment: Segment, position: number): void {
    const same = this.#places.findIndex((place) => place.offset === offset && place.segment === segment)
    if (same >= 0) return
    this.#places[this.#next] = { offset, segment, position }
    this.#next = (this.#next + 1) % PLACES_MAX
  }

  clear(): void {
    this.#places = []
    this.#next = 0
  }
}
