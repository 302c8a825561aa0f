/**
 * Which partition a record without one goes to: that of its key by murmur2, as the Java client and kafkajs
 * have it, or, without a key, one partition after the other.
 */

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995
const SHIFT = 24

/** murmur2 of Kafka's Java client, as a signed 32-bit number. */
export function murmur2(bytes: Buffer): number {
  let hash = SEED ^ bytes.length
  const words = bytes.length >> 2
  for (let index = 0; index < words; index++) {
    let word = Math.imul(bytes.readInt32LE(index * 4), MULTIPLIER)
    word ^= word >>> SHIFT
    word = Math.imul(word, MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  const rest = words * 4
  const left = bytes.length & 3
  if (left === 3) hash ^= (bytes[rest + 2] ?? 0) << 16
  if (left >= 2) hash ^= (bytes[rest + 1] ?? 0) << 8
  if (left >= 1) {
    hash ^= bytes[rest] ?? 0
    hash = Math.imul(hash, MULTIPLIER)
  }
  hash ^= hash >>> 13
  hash = Math.imul(hash, MULTIPLIER)
  hash ^= hash >>> 15
  return hash
}

/** The partition of a key among `count`. */
export function partitionOfKey(key: Buffer, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count
}
