/** The writer: what it hands out stays as it is, large records are not copied, tagged fields get their size. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Reader } from '../../../src/protocol/codec/reader.ts'
import { Writer } from '../../../src/protocol/codec/writer.ts'
import { protocolLimits } from '../../../src/protocol/limits.ts'
import { EncodeError } from '../../../src/protocol/wire-error.ts'

describe('memory', () => {
  test('large records are handed on as they are, small ones copied behind what comes before', () => {
    const large = Buffer.alloc(protocolLimits.recordsCopySizeBytesMax + 1, 7)
    const small = Buffer.alloc(protocolLimits.recordsCopySizeBytesMax, 8)
    const writer = new Writer()
    writer.int32(0, 'size')
    writer.records32([small, large, large], 'records')
    writer.int8(5, 'end')
    expect(writer.sizeBytes).toBe(4 + 4 + small.length + 2 * large.length + 1)
    writer.patchInt32(0, writer.sizeBytes - 4)
    const chunks = writer.finish()
    expect(chunks.length).toBe(4)
    expect(chunks[1]).toBe(large)
    expect(chunks[2]).toBe(large)
    const all = Buffer.concat(chunks)
    expect(all.readInt32BE(0)).toBe(all.length - 4)
    expect(all.readInt32BE(4)).toBe(small.length + 2 * large.length)
    expect(all.at(-1)).toBe(5)
  })

  test('finished messages are never written over, whatever is written after or at the same time', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200_000), fc.nat(1)), { maxLength: 30 }), (writes) => {
        const finished: { chunks: Buffer[]; fill: number; length: number }[] = []
        writes.forEach(([length, order], index) => {
          const fill = index % 251
          const one = new Writer()
          const other = new Writer()
          one.raw(Buffer.alloc(length % 70, fill))
          other.raw(Buffer.alloc(length, fill))
          const [first, second] = order === 0 ? [one, other] : [other, one]
          finished.push({ chunks: first.finish(), fill, length: order === 0 ? length % 70 : length })
          finished.push({ chunks: second.finish(), fill, length: order === 0 ? length : length % 70 })
        })
        for (const { chunks, fill, length } of finished) {
          expect(Buffer.concat(chunks).equals(Buffer.alloc(length, fill))).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
  })
})

const ROOM_MIN = 512

/** Brings the shared slab to where exactly `ROOM_MIN` bytes of it are left for the next writer. */
function leaveLittleRoom(): void {
  const begin = (sizeBytes: number): number => {
    const writer = new Writer()
    writer.raw(Buffer.alloc(sizeBytes))
    return writer.finish()[0]?.byteOffset ?? -1
  }
  while (begin(400) !== 0);
  expect(begin(protocolLimits.writerSlabSizeBytes - 400 - ROOM_MIN)).toBe(400)
}

test('it may grow at any byte of any type', () => {
  const write = (writer: Writer): void => {
    for (let round = 0; round < 5; round++) {
      writer.bool(round % 2 === 0, 'f')
      writer.int8(-round, 'f')
      writer.int16(round * 1000, 'f')
      writer.int32(round * 100_000_000 - 7, 'f')
      writer.int64(BigInt(round) * -123_456_789_012n, 'f')
      writer.float64(round / 7, 'f')
      writer.uuid('LP_b7D5RUizXYAZRfNPcqg', 'f')
      writer.uvarint(round * 300_000_000)
      writer.varlong(BigInt(round) << 55n)
      writer.text16('sixteen bits', 'f')
      writer.compactText('größer als vierzig Zeichen, also nicht kurz', 'f')
      writer.bytes32(Buffer.from('bytes'), 'f')
      const at = writer.beginTag(round)
      writer.raw(Buffer.alloc(round * 40, round))
      writer.endTag(at)
      const short = writer.beginTag(round)
      writer.int8(round, 'f')
      writer.endTag(short)
    }
  }
  const first = new Writer()
  write(first)
  const expected = first.finishFlat()
  expect(expected.length).toBeGreaterThan(ROOM_MIN)
  for (let left = 0; left <= ROOM_MIN; left++) {
    leaveLittleRoom()
    const writer = new Writer()
    const before = Buffer.alloc(ROOM_MIN - left, 0xee)
    writer.raw(before)
    write(writer)
    const written = writer.finishFlat()
    if (!written.equals(Buffer.concat([before, expected]))) throw new Error(`differs with ${left} bytes left`)
  }
})

describe('primitive types', () => {
  test('varints of 32 and 64 bits come back', () => {
    const edges = [0, 1, -1, 63, 64, -64, -65, 127, 128, 16383, 16384, 2 ** 31 - 1, -(2 ** 31)]
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...edges), fc.integer()),
        fc.oneof(
          fc.constantFrom(...edges.map(BigInt), 2n ** 63n - 1n, -(2n ** 63n)),
          fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        ),
        (int, long) => {
          const writer = new Writer()
          writer.varint(int)
          writer.uvarint(int >>> 0)
          writer.varlong(long)
          const reader = new Reader(writer.finishFlat())
          expect([reader.varint(), reader.uvarint(), reader.varlong()]).toEqual([int, int >>> 0, long])
          expect(reader.remaining).toBe(0)
        },
      ),
    )
  })

  test('the size of a tagged field of any length stands before it', () => {
    for (const length of [0, 1, 127, 128, 16_383, 16_384, 70_000, 2_097_151, 2_097_152]) {
      const writer = new Writer()
      const at = writer.beginTag(3)
      writer.raw(Buffer.alloc(length, 9))
      writer.endTag(at)
      writer.int8(1, 'after')
      const reader = new Reader(writer.finishFlat())
      expect(reader.uvarint()).toBe(3)
      expect(reader.tagEnd() - reader.position).toBe(length)
      expect(reader.slice(length).equals(Buffer.alloc(length, 9))).toBe(true)
      expect(reader.int8()).toBe(1)
    }
  })

  test('values that are not of their type are the bugs of their makers', () => {
    const writer = new Writer()
    const wrong = (value: unknown) => value as never
    expect(() => writer.int8(128, 'f')).toThrow(EncodeError)
    expect(() => writer.int16(1.5, 'f')).toThrow(EncodeError)
    expect(() => writer.int32(wrong(undefined), 'f')).toThrow(EncodeError)
    expect(() => writer.uint16(-1, 'f')).toThrow(EncodeError)
    expect(() => writer.uint32(2 ** 32, 'f')).toThrow(EncodeError)
    expect(() => writer.int64(wrong(1), 'f')).toThrow(EncodeError)
    expect(() => writer.float64(wrong('1'), 'f')).toThrow(EncodeError)
    expect(() => writer.bool(wrong(1), 'f')).toThrow(EncodeError)
    expect(() => writer.uuid('too short', 'f')).toThrow(EncodeError)
    expect(() => writer.text16('x'.repeat(32_768), 'f')).toThrow(EncodeError)
    expect(() => writer.compactText('ü'.repeat(20_000), 'f')).toThrow(EncodeError)
    expect(() => writer.bytes32(wrong('text'), 'f')).toThrow(EncodeError)
    expect(() => writer.records32(wrong('text'), 'f')).toThrow(EncodeError)
  })
})
