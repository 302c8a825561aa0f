/** CRC-32C against its known values, and its two makers against each other. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c, plainCrc32c } from '../../../src/protocol/records/crc32c.ts'
import { xxhash32 } from '../../../src/protocol/records/xxhash32.ts'

test('known values of RFC 3720', () => {
  const known: readonly (readonly [Buffer, number])[] = [
    [Buffer.alloc(32), 0x8a9136aa],
    [Buffer.alloc(32, 0xff), 0x62a8ab43],
    [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    [Buffer.from('123456789'), 0xe3069283],
    [Buffer.alloc(0), 0],
  ]
  for (const [bytes, sum] of known) expect(crc32c(bytes, 0, bytes.length)).toBe(sum)
})

test('long and short, native and plain, whole and part agree', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1500 }), fc.nat(20), fc.nat(20), (content, before, after) => {
      const bytes = Buffer.from(content)
      const padded = Buffer.concat([Buffer.alloc(before, 1), bytes, Buffer.alloc(after, 2)])
      const sum = plainCrc32c(bytes, 0, bytes.length)
      expect(crc32c(bytes, 0, bytes.length)).toBe(sum)
      expect(crc32c(padded, before, before + bytes.length)).toBe(sum)
    }),
  )
})

test('xxHash of 32 bits has its known values', () => {
  const hash = (text: string): number => xxhash32(Buffer.from(text), 0, Buffer.byteLength(text))
  expect(hash('')).toBe(0x02cc5d05)
  expect(hash('a')).toBe(0x550d7456)
  expect(hash('abc')).toBe(0x32d153ff)
  expect(hash('Nobody inspects the spammish repetition')).toBe(0xe2293b2f)
})
