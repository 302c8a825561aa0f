/** Ways to break bytes: seeded, so that a found input can be made again. */

/** A small generator of 32 random bits (xorshift), fast enough for millions of inputs. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (seed | 0) === 0 ? 0x9e3779b9 : seed | 0
  }

  bits(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return x >>> 0
  }

  below(limit: number): number {
    return this.bits() % limit
  }
}

/** Numbers at which lengths, counts and versions turn over. */
const EDGES = [
  0, 1, -1, -2, 0x7f, 0x80, 0xff, 0x7fff, -0x8000, 0xffff, 0x10000, 0x7fffffff, -0x80000000, 1_000_001,
]

type Mutation = (bytes: Buffer, at: number, random: Random) => Buffer

const mutations: readonly Mutation[] = [
  // One bit.
  (bytes, at, random) => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    return bytes
  },
  // One byte.
  (bytes, at, random) => {
    bytes[at] = random.below(256)
    return bytes
  },
  // A length, count or version.
  (bytes, at, random) => {
    const value = EDGES[random.below(EDGES.length)] ?? 0
    if (at + 4 <= bytes.length && random.below(2) === 0) bytes.writeInt32BE(value | 0, at)
    else if (at + 2 <= bytes.length) bytes.writeUInt16BE(value & 0xffff, at)
    return bytes
  },
  // A long varint.
  (bytes, at, random) => {
    const end = Math.min(bytes.length, at + 1 + random.below(11))
    bytes.fill(0xff, at, end)
    if (end < bytes.length) bytes[end] = random.below(128)
    return bytes
  },
  // Cut.
  (bytes, at) => bytes.subarray(0, at),
  // A piece taken out, or there twice.
  (bytes, at, random) => {
    const end = Math.min(bytes.length, at + 1 + random.below(16))
    return random.below(2) === 0
      ? Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
      : Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
  },
]

/** A copy of `original` with one to three things wrong. */
export function mutate(original: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.allocUnsafe(original.length)
  original.copy(bytes)
  for (let left = 1 + random.below(3); left > 0 && bytes.length > 0; left--) {
    const mutation = mutations[random.below(mutations.length)]
    if (mutation !== undefined) bytes = mutation(bytes, random.below(bytes.length), random)
  }
  return bytes
}
