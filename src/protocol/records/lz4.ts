/**
 * LZ4 frames as Kafka's clients write them: read here, written by the native package.
 *
 * What the blocks unpack to is measured before any memory is taken for it. Message sets of magic 0 carry a header
 * checksum over the frame's magic too, a bug of the first Java client that others copied (KIP-57); on request it is
 * accepted. Content and block checksums are checked where a frame has them.
 */
import { compressFrameSync } from 'lz4-napi'
import { decodeLz4Block, lz4BlockSizeBytes } from './lz4-block.ts'
import { xxhash32 } from './xxhash32.ts'

const FRAME_MAGIC = 0x184d2204
const UNCOMPRESSED_BLOCK = 0x80000000

/** What a frame's header says, and where its blocks lie. */
interface Frame {
  readonly blocks: readonly { readonly start: number; readonly end: number; readonly isPlain: boolean }[]
  readonly sizeBytes: number
  readonly areBlocksIndependent: boolean
  /** Checksum of the content, null when the frame has none. */
  readonly contentChecksum: number | null
}

export type Lz4Failure = 'corrupt' | 'too-large'

/** Unpacks a frame of at most `sizeBytesMax` bytes; the answer says what is wrong when it is not one. */
export function decompressLz4(
  bytes: Buffer,
  sizeBytesMax: number,
  hasMagic0Checksum = false,
): Buffer | Lz4Failure {
  const frame = readFrame(bytes, sizeBytesMax, hasMagic0Checksum)
  if (typeof frame === 'string') return frame
  const target = Buffer.allocUnsafeSlow(frame.sizeBytes)
  let position = 0
  for (const { start, end, isPlain } of frame.blocks) {
    if (isPlain) position += bytes.copy(target, position, start, end)
    else {
      const windowStart = frame.areBlocksIndependent ? position : 0
      position = decodeLz4Block(bytes, start, end, target, position, windowStart)
      if (position < 0) return 'corrupt'
    }
  }
  if (position !== frame.sizeBytes) return 'corrupt'
  if (frame.contentChecksum !== null && frame.contentChecksum !== xxhash32(target, 0, position))
    return 'corrupt'
  return target
}

/** Packs bytes into one frame of independent blocks of 64 KiB, the way Kafka's own client does. */
export function compressLz4(bytes: Buffer): Buffer {
  return compressFrameSync(bytes)
}

function readFrame(bytes: Buffer, sizeBytesMax: number, hasMagic0Checksum: boolean): Frame | Lz4Failure {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== FRAME_MAGIC) return 'corrupt'
  const flags = bytes[4] as number
  // Version 1; a dictionary would have to come from elsewhere.
  if (flags >>> 6 !== 1 || (flags & 0x03) !== 0) return 'corrupt'
  const blockCode = ((bytes[5] as number) >>> 4) & 0x07
  if (blockCode < 4) return 'corrupt'
  const blockSizeBytesMax = 1 << (2 * blockCode + 8)
  const hasContentSize = (flags & 0x08) !== 0
  const checksumAt = hasContentSize ? 14 : 6
  if (checksumAt >= bytes.length) return 'corrupt'
  if (!isHeaderChecksumRight(bytes, checksumAt, hasMagic0Checksum)) return 'corrupt'
  const blocks = readBlocks(bytes, checksumAt + 1, (flags & 0x10) !== 0, blockSizeBytesMax, sizeBytesMax)
  if (typeof blocks === 'string') return blocks
  if (hasContentSize && bytes.readBigUInt64LE(6) !== BigInt(blocks.sizeBytes)) return 'corrupt'
  const hasContentChecksum = (flags & 0x04) !== 0
  if (hasContentChecksum && bytes.length - blocks.end < 4) return 'corrupt'
  return {
    blocks: blocks.blocks,
    sizeBytes: blocks.sizeBytes,
    areBlocksIndependent: (flags & 0x20) !== 0,
    contentChecksum: hasContentChecksum ? bytes.readUInt32LE(blocks.end) : null,
  }
}

function isHeaderChecksumRight(bytes: Buffer, checksumAt: number, hasMagic0Checksum: boolean): boolean {
  const told = bytes[checksumAt] as number
  if (((xxhash32(bytes, 4, checksumAt) >>> 8) & 0xff) === told) return true
  return hasMagic0Checksum && ((xxhash32(bytes, 0, checksumAt) >>> 8) & 0xff) === told
}

/** Finds the blocks up to the end mark and adds up what they unpack to. */
function readBlocks(
  bytes: Buffer,
  position: number,
  haveChecksums: boolean,
  blockSizeBytesMax: number,
  sizeBytesMax: number,
): { blocks: Frame['blocks']; sizeBytes: number; end: number } | Lz4Failure {
  const blocks: { start: number; end: number; isPlain: boolean }[] = []
  let sizeBytes = 0
  let at = position
  while (bytes.length - at >= 4) {
    const word = bytes.readUInt32LE(at)
    const start = at + 4
    if (word === 0) return { blocks, sizeBytes, end: start }
    const isPlain = word >= UNCOMPRESSED_BLOCK
    const end = start + (isPlain ? word - UNCOMPRESSED_BLOCK : word)
    at = haveChecksums ? end + 4 : end
    if (at > bytes.length) return 'corrupt'
    const blockSizeBytes = isPlain ? end - start : lz4BlockSizeBytes(bytes, start, end)
    if (blockSizeBytes < 0 || blockSizeBytes > blockSizeBytesMax) return 'corrupt'
    if ((sizeBytes += blockSizeBytes) > sizeBytesMax) return 'too-large'
    if (haveChecksums && bytes.readUInt32LE(end) !== xxhash32(bytes, start, end)) return 'corrupt'
    if (blockSizeBytes > 0) blocks.push({ start, end, isPlain })
  }
  return 'corrupt'
}
