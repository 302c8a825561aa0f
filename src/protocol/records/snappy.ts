/**
 * Snappy as Kafka's clients write it: in the framing of snappy-java, or one raw block.
 *
 * A block says first how much it unpacks to; that is believed only as far as its bytes could make it, and added up
 * before memory is taken. Unpacking is done here, for the native call costs more than a small block and the framing
 * allows very many of them; packing is native.
 */
import { compressSync } from 'snappy'

/** 0x82 "SNAPPY" 0, then two int32: version and oldest version that can read it. */
const FRAMING_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const FRAMING_HEADER = Buffer.concat([FRAMING_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])])
const WRITTEN_BLOCK_SIZE_BYTES = 32 * 1024
/** Three bytes copy at most 64, so no block grows by more. */
const GROWTH_MAX = 22

export type SnappyFailure = 'corrupt' | 'too-large'

interface Block {
  /** First byte behind the block's own length. */
  readonly start: number
  readonly end: number
  readonly sizeBytes: number
}

/** Unpacks framed or raw bytes of at most `sizeBytesMax`; the answer says what is wrong when they are neither. */
export function decompressSnappy(bytes: Buffer, sizeBytesMax: number): Buffer | SnappyFailure {
  const isFramed = bytes.length >= FRAMING_HEADER.length && FRAMING_MAGIC.compare(bytes, 0, 8) === 0
  const blocks = isFramed ? framedBlocks(bytes) : rawBlock(bytes)
  if (blocks === null) return 'corrupt'
  let sizeBytes = 0
  for (const block of blocks) sizeBytes += block.sizeBytes
  if (sizeBytes > sizeBytesMax) return 'too-large'
  const target = Buffer.allocUnsafeSlow(sizeBytes)
  let position = 0
  for (const { start, end, sizeBytes: blockSizeBytes } of blocks) {
    if (!decodeBlock(bytes, start, end, target, position, position + blockSizeBytes)) return 'corrupt'
    position += blockSizeBytes
  }
  return target
}

/** Packs bytes into the framing of snappy-java, blocks of 32 KiB. */
export function compressSnappy(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [FRAMING_HEADER]
  for (let at = 0; at < bytes.length; at += WRITTEN_BLOCK_SIZE_BYTES) {
    const block = compressSync(bytes.subarray(at, at + WRITTEN_BLOCK_SIZE_BYTES))
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(block.length)
    chunks.push(length, block)
  }
  return Buffer.concat(chunks)
}

function rawBlock(bytes: Buffer): Block[] | null {
  const block = blockAt(bytes, 0, bytes.length)
  return block === null ? null : [block]
}

function framedBlocks(bytes: Buffer): Block[] | null {
  const blocks: Block[] = []
  for (let at = FRAMING_HEADER.length; at < bytes.length; ) {
    if (bytes.length - at < 4) return null
    const end = at + 4 + bytes.readInt32BE(at)
    if (end < at + 5 || end > bytes.length) return null
    const block = blockAt(bytes, at + 4, end)
    if (block === null) return null
    blocks.push(block)
    at = end
  }
  return blocks
}

/** Reads the varint before a block: what it unpacks to. */
function blockAt(bytes: Buffer, position: number, end: number): Block | null {
  let sizeBytes = 0
  for (let i = 0; i < 5 && position + i < end; i++) {
    const byte = bytes[position + i] as number
    sizeBytes += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) {
      const start = position + i + 1
      return sizeBytes > (end - start) * GROWTH_MAX ? null : { start, end, sizeBytes }
    }
  }
  return null
}

/** Unpacks `source[start, end)` to exactly `target[position, limit)`. */
function decodeBlock(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  position: number,
  limit: number,
): boolean {
  let from = start
  let to = position
  while (from < end) {
    const tag = source[from++] as number
    if ((tag & 3) === 0) {
      let length = (tag >>> 2) + 1
      if (length > 60) {
        const lengthBytes = length - 60
        if (lengthBytes > end - from) return false
        length = source.readUIntLE(from, lengthBytes) + 1
        from += lengthBytes
      }
      if (length > end - from || length > limit - to) return false
      if (length < 24) for (let i = 0; i < length; i++) target[to++] = source[from++] as number
      else {
        source.copy(target, to, from, from + length)
        to += length
        from += length
      }
      continue
    }
    const distanceBytes = (tag & 3) === 3 ? 4 : tag & 3
    if (distanceBytes > end - from) return false
    const isShort = distanceBytes === 1
    const length = isShort ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
    const distance = isShort
      ? ((tag >>> 5) << 8) | (source[from] as number)
      : source.readUIntLE(from, distanceBytes)
    from += distanceBytes
    if (distance === 0 || distance > to - position || length > limit - to) return false
    let match = to - distance
    for (let i = 0; i < length; i++) target[to++] = target[match++] as number
  }
  return to === limit
}
