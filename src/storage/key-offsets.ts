/**
 * The latest offset of each key in the part of a log that is being cleaned, within a bound of memory.
 *
 * Keys are kept as 128-bit hashes (MurmurHash3 x86) in flat arrays: 24 bytes a key, no garbage. Who could forge
 * a collision could as well write a tombstone for the other key. When it is full, cleaning goes only
 * as far as it got.
 */
import { limits } from '../runtime/limits.ts'

const BYTES_PER_SLOT = 24
const LOAD_MAX = 0.75

const hash = new Uint32Array(4)

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function finished(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const C1 = 0x239b961b
const C2 = 0xab0e9789 | 0
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93 | 0

/** MurmurHash3_x86_128 of the key into `hash`. */
function hashKey(key: Buffer): void {
  let h1 = 0
  let h2 = 0
  let h3 = 0
  let h4 = 0
  const blocks = key.length >>> 4
  for (let i = 0; i < blocks; i++) {
    const at = i * 16
    h1 ^= Math.imul(rotated(Math.imul(key.readInt32LE(at), C1), 15), C2)
    h1 = (Math.imul(rotated(h1, 19) + h2, 5) + 0x561ccd1b) | 0
    h2 ^= Math.imul(rotated(Math.imul(key.readInt32LE(at + 4), C2), 16), C3)
    h2 = (Math.imul(rotated(h2, 17) + h3, 5) + 0x0bcaa747) | 0
    h3 ^= Math.imul(rotated(Math.imul(key.readInt32LE(at + 8), C3), 17), C4)
    h3 = (Math.imul(rotated(h3, 15) + h4, 5) + 0x96cd1c35) | 0
    h4 ^= Math.imul(rotated(Math.imul(key.readInt32LE(at + 12), C4), 18), C1)
    h4 = (Math.imul(rotated(h4, 13) + h1, 5) + 0x32ac3b17) | 0
  }
  const word = (start: number): number => {
    let value = 0
    for (let i = Math.min(start + 4, key.length) - 1; i >= start; i--) value = (value << 8) | (key[i] ?? 0)
    return value
  }
  const tail = blocks * 16
  const rest = key.length & 15
  if (rest > 12) h4 ^= Math.imul(rotated(Math.imul(word(tail + 12), C4), 18), C1)
  if (rest > 8) h3 ^= Math.imul(rotated(Math.imul(word(tail + 8), C3), 17), C4)
  if (rest > 4) h2 ^= Math.imul(rotated(Math.imul(word(tail + 4), C2), 16), C3)
  if (rest > 0) h1 ^= Math.imul(rotated(Math.imul(word(tail), C1), 15), C2)
  h1 ^= key.length
  h2 ^= key.length
  h3 ^= key.length
  h4 ^= key.length
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
  h1 = finished(h1)
  h2 = finished(h2)
  h3 = finished(h3)
  h4 = finished(h4)
  h1 = (h1 + h2 + h3 + h4) | 0
  hash[0] = h1
  hash[1] = h2 + h1
  hash[2] = h3 + h1
  hash[3] = h4 + h1
}

export class KeyOffsets {
  readonly #hashes: Uint32Array
  readonly #offsets: Float64Array
  readonly #mask: number
  readonly #keysMax: number
  #count = 0

  /** Room for `keysExpected` keys, or as many as the bound of memory allows. */
  constructor(keysExpected: number, bytesMax: number = limits.compactionMapBytesMax) {
    const slotsMax = 2 ** Math.floor(Math.log2(Math.max(16, bytesMax / BYTES_PER_SLOT)))
    const slotsWanted = 2 ** Math.ceil(Math.log2(Math.max(16, keysExpected / LOAD_MAX)))
    const slots = Math.min(slotsMax, slotsWanted)
    this.#hashes = new Uint32Array(slots * 4)
    this.#offsets = new Float64Array(slots).fill(-1)
    this.#mask = slots - 1
    this.#keysMax = Math.floor(slots * LOAD_MAX)
  }

  get count(): number {
    return this.#count
  }

  /** Slot of the hashed key, or the free one where it belongs. */
  #slot(): number {
    const [h0 = 0, h1 = 0, h2 = 0, h3 = 0] = hash
    let slot = h0 & this.#mask
    while ((this.#offsets[slot] ?? -1) >= 0) {
      const at = slot * 4
      const isSame =
        this.#hashes[at] === h0 &&
        this.#hashes[at + 1] === h1 &&
        this.#hashes[at + 2] === h2 &&
        this.#hashes[at + 3] === h3
      if (isSame) return slot
      slot = (slot + 1) & this.#mask
    }
    return slot
  }

  /** Notes that `key` occurs at `offset`, later than before. False when there is no room for a new key. */
  put(key: Buffer, offset: number): boolean {
    hashKey(key)
    const slot = this.#slot()
    if ((this.#offsets[slot] ?? -1) < 0) {
      if (this.#count >= this.#keysMax) return false
      this.#count++
      this.#hashes.set(hash, slot * 4)
    }
    this.#offsets[slot] = offset
    return true
  }

  /** The latest offset noted for `key`; -1 when there is none. */
  get(key: Buffer): number {
    hashKey(key)
    return this.#offsets[this.#slot()] ?? -1
  }
}
