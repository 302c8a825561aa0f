/** Packing and unpacking of record batches, and what hostile bytes can make the unpacking cost. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { describe, expect, test } from 'vitest'
import {
  type CompressionCodec,
  codecOfCode,
  codeOfCodec,
  compress,
  decompress,
} from '../../../src/protocol/records/compression.ts'
import { bombs } from './bombs.ts'

const MiB = 2 ** 20
const codecs: readonly CompressionCodec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const packing = codecs.filter((codec) => codec !== 'none')

/** Text that repeats itself, noise, and both: what packs well, badly, and in pieces. */
const contents = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 9000 }))
    .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part))),
  fc
    .array(fc.tuple(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 70 })), { maxLength: 8 })
    .map((parts) =>
      Buffer.concat(parts.flatMap(([part, times]) => Array.from({ length: times }, () => part))),
    ),
)

test('the numbers of the codecs', () => {
  expect(codecs.map(codeOfCodec)).toEqual([0, 1, 2, 3, 4])
  expect([0, 1, 2, 3, 4, 5, 7].map(codecOfCode)).toEqual([...codecs, null, null])
})

describe.each(packing)('%s', (codec) => {
  test('gives back what was packed, at a bound of exactly its size and not below', () => {
    fc.assert(
      fc.property(contents, (content) => {
        const bytes = Buffer.from(content)
        const packed = compress(codec, bytes)
        const unpacked = decompress(codec, packed, bytes.length)
        expect(unpacked.ok && unpacked.bytes.equals(bytes)).toBe(true)
        if (bytes.length > 1) {
          expect(decompress(codec, packed, bytes.length - 1)).toEqual({ ok: false, error: 'too-large' })
        }
      }),
      { numRuns: 60 },
    )
  })

  test('refuses what is cut or changed, or gives some bytes within the bound, and never throws', () => {
    const bytes = Buffer.from(
      'every word of this sentence, every word of this sentence, and then a third. '.repeat(40),
    )
    const packed = compress(codec, bytes)
    fc.assert(
      fc.property(
        fc.nat(packed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, cut) => {
          const broken = Buffer.from(cut ? packed.subarray(0, at) : packed)
          if (!cut) broken[at] = (broken[at] ?? 0) ^ flip
          const result = decompress(codec, broken, 2 * bytes.length)
          if (result.ok) expect(result.bytes.length).toBeLessThanOrEqual(2 * bytes.length)
        },
      ),
      { numRuns: 500 },
    )
  })
})

test('snappy without a framing is read as one block', () => {
  const bytes = Buffer.from('raw raw raw raw raw raw raw raw block')
  const unpacked = decompress('snappy', compressSync(bytes), 1000)
  expect(unpacked.ok && unpacked.bytes.equals(bytes)).toBe(true)
})

test('lz4 frames with content and block checksums are read, and a wrong checksum is found', () => {
  const bytes = Buffer.from('checked checked checked checked '.repeat(5000))
  const packed = compressFrameSync(bytes, { contentChecksum: true, blockChecksums: true })
  const unpacked = decompress('lz4', packed, bytes.length)
  expect(unpacked.ok && unpacked.bytes.equals(bytes)).toBe(true)
  packed[packed.length - 1] = (packed[packed.length - 1] ?? 0) ^ 1
  expect(decompress('lz4', packed, bytes.length)).toEqual({ ok: false, error: 'corrupt' })
})

test('zstd of the highest level is read, whose window is larger than usual', () => {
  const bytes = Buffer.alloc(12 * MiB, 'a long window ')
  const unpacked = decompress('zstd', compress('zstd', bytes, 22), 64 * MiB)
  expect(unpacked.ok && unpacked.bytes.equals(bytes)).toBe(true)
  expect(zstdCompressSync(bytes).length).toBeLessThan(bytes.length)
})

describe('a decompression bomb of one MiB costs at most its bound and 8 MiB', () => {
  const script = join(import.meta.dirname, 'bomb-memory.ts')
  test.each(Object.keys(bombs))('%s', (name) => {
    const boundBytes = 16 * MiB
    const output = execFileSync(process.execPath, [script, name, String(boundBytes)], { encoding: 'utf8' })
    const told: { result: string; grownBytes: number; elapsedMs: number } = JSON.parse(output)
    expect(told.result).toBe(name === 'snappy, a lie' ? 'corrupt' : 'too-large')
    expect(told.grownBytes).toBeLessThanOrEqual(boundBytes + 8 * MiB)
    expect(told.elapsedMs).toBeLessThan(1000)
  })
})
