/**
 * The port through which the house takes chances: ids, jitter, election time-outs.
 *
 * Production fills it from the operating system's generator, the simulator from its seed.
 */
export interface Random {
  /** `sizeBytes` fresh random bytes. */
  bytes(sizeBytes: number): Buffer
  /** A uniform whole number in `[0, limit)`; `limit` is at most 2^32. */
  below(limit: number): number
}

const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** A random UUID (version 4, RFC 9562) in Kafka's spelling: base64url, 22 characters, never opening with `-`. */
export function randomUuid(random: Random): string {
  for (;;) {
    const bytes = random.bytes(16)
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    const text = bytes.toString('base64url')
    // An id that opens with a dash would be read as an option on a command line (KIP-516).
    if (!text.startsWith('-') && text !== ZERO_UUID) return text
  }
}
