/**
 * All chances of a simulation, from one seed: sfc32 (PractRand), whose streams are independent for different names.
 *
 * Every part draws from a stream of its own, so that one part that draws more does not change what another sees.
 */
import type { Random } from '../runtime/random.ts'

const ROUNDS_UNTIL_MIXED = 15
const WORDS = 2 ** 32

export class SeededRandom implements Random {
  readonly seed: number
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, name = '') {
    this.seed = seed
    this.#name = name
    this.#a = seed | 0
    this.#b = Math.floor(seed / WORDS) | 0
    this.#c = hashOf(name)
    for (let round = 0; round < ROUNDS_UNTIL_MIXED; round++) this.#next()
  }

  /** A stream of its own for the part of that name. */
  stream(name: string): SeededRandom {
    return new SeededRandom(this.seed, `${this.#name}/${name}`)
  }

  bytes(sizeBytes: number): Buffer {
    const bytes = Buffer.alloc(sizeBytes)
    for (let at = 0; at < sizeBytes; at++) bytes[at] = this.#next() & 0xff
    return bytes
  }

  below(limit: number): number {
    return Math.floor((this.#next() / WORDS) * limit)
  }

  /** A number in `[least, most)`. */
  between(least: number, most: number): number {
    return least + (this.#next() / WORDS) * (most - least)
  }

  /** True in that share of the cases. */
  chance(share: number): boolean {
    return this.#next() / WORDS < share
  }

  /** One of them; they must not be empty. */
  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.below(choices.length)]
    if (chosen === undefined) throw new Error('nothing to choose from')
    return chosen
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash | 0
}
