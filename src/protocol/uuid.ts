/** Topic, directory and member ids as text: 22 characters of base64url, the way Kafka prints them. */

/** The id that stands for "none". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** Reads the 16 bytes at `position`; the caller has checked that they are there. */
export function readUuid(buffer: Buffer, position: number): string {
  for (let i = position; i < position + 16; i++) {
    if (buffer[i] !== 0) return buffer.toString('base64url', position, position + 16)
  }
  return ZERO_UUID
}

/** Whether a text is an id in its only spelling: 22 characters of base64url whose last carries no stray bits. */
export function isUuid(text: string): boolean {
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(text)
}
