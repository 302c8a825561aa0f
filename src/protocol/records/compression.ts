/**
 * The five codecs of record batches: what their numbers mean, packing, and unpacking within a bound.
 *
 * Nothing is unpacked beyond the caller's bound: a small batch may claim to hold gigabytes. Memory stays within
 * the bound and a few MiB (trap: decompression bomb).
 */
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'

export type CompressionCodec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** By the number in a batch's attributes. */
const codecs: readonly CompressionCodec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

export type CompressionFailure = 'corrupt' | 'too-large'

export type Decompressed =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly error: CompressionFailure }

/** The codec with that number, null for 5 to 7, which mean nothing. */
export function codecOfCode(code: number): CompressionCodec | null {
  return codecs[code] ?? null
}

/** The number of a codec in a batch's attributes. */
export function codeOfCodec(codec: CompressionCodec): number {
  return codecs.indexOf(codec)
}

/** Packs bytes; `level` counts for gzip (1 to 9) and zstd (1 to 22) only, the codec's own default when absent. */
export function compress(codec: CompressionCodec, bytes: Buffer, level?: number): Buffer {
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return gzipSync(bytes, level === undefined ? {} : { level })
    case 'snappy':
      return compressSnappy(bytes)
    case 'lz4':
      return compressLz4(bytes)
    case 'zstd':
      return zstdCompressSync(
        bytes,
        level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } },
      )
  }
}

/**
 * Unpacks bytes that hold at most `sizeBytesMax` unpacked.
 *
 * `hasMagic0Checksum` accepts the LZ4 header checksum of message sets of magic 0.
 */
export function decompress(
  codec: CompressionCodec,
  bytes: Buffer,
  sizeBytesMax: number,
  hasMagic0Checksum = false,
): Decompressed {
  switch (codec) {
    case 'none':
      return bytes.length > sizeBytesMax ? { ok: false, error: 'too-large' } : { ok: true, bytes }
    case 'gzip':
      return caught(() => gunzipSync(bytes, { maxOutputLength: Math.max(1, sizeBytesMax) }))
    case 'snappy':
      return outcome(decompressSnappy(bytes, sizeBytesMax))
    case 'lz4':
      return outcome(decompressLz4(bytes, sizeBytesMax, hasMagic0Checksum))
    case 'zstd':
      return decompressZstd(bytes, sizeBytesMax)
  }
}

function outcome(result: Buffer | CompressionFailure): Decompressed {
  return typeof result === 'string' ? { ok: false, error: result } : { ok: true, bytes: result }
}

/** The engine's codecs tell by exceptions what is wrong with foreign bytes. */
function caught(unpack: () => Buffer): Decompressed {
  try {
    return { ok: true, bytes: unpack() }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const isTooLarge = 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return { ok: false, error: isTooLarge ? 'too-large' : 'corrupt' }
  }
}

const ZSTD_MAGIC = 0xfd2fb528
/** 8 MiB, what the format asks every reader to support; levels up to 19 need no more. */
const ZSTD_WINDOW_LOG = 23
const ZSTD_WINDOW_LOG_MAX = 27

/**
 * A zstd frame makes its reader keep a window beside the output. Beyond the usual window, both must share the bound,
 * so that no frame makes us hold twice of it.
 */
function decompressZstd(bytes: Buffer, sizeBytesMax: number): Decompressed {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== ZSTD_MAGIC) return { ok: false, error: 'corrupt' }
  const needsLargeWindow = zstdWindowLog(bytes) > ZSTD_WINDOW_LOG
  const maxOutputLength = needsLargeWindow ? Math.ceil(sizeBytesMax / 2) : sizeBytesMax
  return caught(() =>
    zstdDecompressSync(bytes, {
      maxOutputLength: Math.max(1, maxOutputLength),
      params: { [constants.ZSTD_d_windowLogMax]: needsLargeWindow ? ZSTD_WINDOW_LOG_MAX : ZSTD_WINDOW_LOG },
    }),
  )
}

/** The window of the first frame, rounded up to a power of two (RFC 8878, 3.1.1.1). */
function zstdWindowLog(bytes: Buffer): number {
  const descriptor = bytes[4] as number
  const isSingleSegment = (descriptor & 0x20) !== 0
  if (!isSingleSegment) {
    const window = bytes[5] as number
    return 10 + (window >>> 3) + ((window & 7) === 0 ? 0 : 1)
  }
  // The window is then the whole content, whose size stands behind the dictionary id.
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] ?? 0)
  const sizeBytes = 1 << (descriptor >>> 6)
  if (bytes.length < at + sizeBytes) return 0
  const content = sizeBytes === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, sizeBytes)
  return Math.ceil(Math.log2(Math.max(1, sizeBytes === 2 ? content + 256 : content)))
}
