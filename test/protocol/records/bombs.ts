/**
 * Small inputs that unpack to very much: one maker for each codec, made without ever holding what they hold.
 */
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import type { CompressionCodec } from '../../../src/protocol/records/compression.ts'
import { xxhash32 } from '../../../src/protocol/records/xxhash32.ts'

const MiB = 2 ** 20

/** About one MiB: a gzip stream of very many members, each a mebibyte of zeros. */
function gzipMembers(sizeBytes: number): Buffer {
  const member = gzipSync(Buffer.alloc(MiB), { level: 9 })
  return Buffer.concat(Array.from({ length: Math.floor(sizeBytes / member.length) }, () => member))
}

/** One gzip member: the same deflated mebibyte again and again, without its end, and an end at last. */
function gzipMember(sizeBytes: number): Buffer {
  const zeros = Buffer.alloc(MiB)
  const block = deflateRawSync(zeros, { level: 9, finishFlush: 2 /* Z_SYNC_FLUSH */ })
  const blocks = Array.from({ length: Math.floor(sizeBytes / block.length) }, () => block)
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(Buffer.alloc(1)), 0)
  return Buffer.concat([header, ...blocks, Buffer.from([3, 0]), trailer])
}

/** A zstd frame of blocks that repeat one byte: four bytes for 128 KiB. */
function zstdRepeats(sizeBytes: number, windowLog: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowLog - 10) << 3])
  const blocks = Buffer.alloc(sizeBytes - (sizeBytes % 4))
  for (let at = 0; at < blocks.length; at += 4) {
    const isLast = at + 4 === blocks.length ? 1 : 0
    blocks.writeUIntLE((131_072 << 3) | (1 << 1) | isLast, at, 3)
    blocks[at + 3] = 0x61
  }
  return Buffer.concat([header, blocks])
}

/** An LZ4 frame of blocks of 4 MiB, each one literal and one endless match: 255 to one. */
function lz4Matches(sizeBytes: number): Buffer {
  const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0])
  header[6] = (xxhash32(header, 4, 6) >>> 8) & 0xff
  const more = Buffer.alloc(16_447, 255)
  const block = Buffer.concat([Buffer.from([0x1f, 0x61, 1, 0]), more, Buffer.from([0, 0x50, 1, 2, 3, 4, 5])])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(block.length)
  const count = Math.floor(sizeBytes / (block.length + 4))
  return Buffer.concat([
    header,
    ...Array.from({ length: count }, () => Buffer.concat([length, block])),
    Buffer.alloc(4),
  ])
}

/** Snappy blocks in their framing, each one literal and copies of 64: 21 to one. */
function snappyCopies(sizeBytes: number): Buffer {
  const copies = 10_000
  const unpacked = 1 + 64 * copies
  const prefix: number[] = []
  for (let rest = unpacked; rest > 0; rest >>>= 7) prefix.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
  const copy = Buffer.from([(63 << 2) | 2, 1, 0])
  const block = Buffer.concat([
    Buffer.from([...prefix, 0, 0x61]),
    ...Array.from({ length: copies }, () => copy),
  ])
  const length = Buffer.alloc(4)
  length.writeInt32BE(block.length)
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
  const count = Math.floor(sizeBytes / (block.length + 4))
  return Buffer.concat([header, ...Array.from({ length: count }, () => Buffer.concat([length, block]))])
}

/** A snappy block that says to hold 2 GiB, and ten thousand bytes of nothing behind it. */
function snappyLie(): Buffer {
  return Buffer.concat([Buffer.from([0x80, 0x80, 0x80, 0x80, 0x08]), Buffer.alloc(10_000)])
}

export interface Bomb {
  readonly codec: CompressionCodec
  readonly make: () => Buffer
}

/** By name. */
export const bombs: Readonly<Record<string, Bomb>> = {
  'gzip, one member': { codec: 'gzip', make: () => gzipMember(MiB) },
  'gzip, many members': { codec: 'gzip', make: () => gzipMembers(MiB) },
  'zstd, window of 2 MiB': { codec: 'zstd', make: () => zstdRepeats(MiB, 21) },
  'zstd, window of 128 MiB': { codec: 'zstd', make: () => zstdRepeats(MiB, 27) },
  'lz4, blocks of 4 MiB': { codec: 'lz4', make: () => lz4Matches(MiB) },
  'snappy, framed blocks': { codec: 'snappy', make: () => snappyCopies(MiB) },
  'snappy, a lie': { codec: 'snappy', make: snappyLie },
}
