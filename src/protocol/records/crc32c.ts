/**
 * CRC-32C (Castagnoli, RFC 3720), the checksum of record batches.
 *
 * The native package wins from about two hundred bytes on; below, eight table steps at once in plain
 * JavaScript do, without the call and the subarray. `node:zlib` knows only the other polynomial.
 */
/** Null on a machine for which the package has no binary. */
const native = await import('@node-rs/crc32').catch(() => null)

const POLYNOMIAL = 0x82f63b78
const NATIVE_SIZE_BYTES_MIN = 200

/** Eight tables of 256, one behind the other. */
function buildTables(): Int32Array {
  const tables = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[byte] = crc
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256] ?? 0
    tables[i] = (before >>> 8) ^ (tables[before & 0xff] ?? 0)
  }
  return tables
}

const TABLES = buildTables()

/** The checksum without the native package. */
export function plainCrc32c(bytes: Buffer, start: number, end: number): number {
  const t = TABLES
  const b = bytes
  let crc = -1
  let at = start
  for (; at + 8 <= end; at += 8) {
    crc ^=
      (b[at] as number) |
      ((b[at + 1] as number) << 8) |
      ((b[at + 2] as number) << 16) |
      ((b[at + 3] as number) << 24)
    crc =
      (t[0x700 | (crc & 0xff)] as number) ^
      (t[0x600 | ((crc >>> 8) & 0xff)] as number) ^
      (t[0x500 | ((crc >>> 16) & 0xff)] as number) ^
      (t[0x400 | (crc >>> 24)] as number) ^
      (t[0x300 | (b[at + 4] as number)] as number) ^
      (t[0x200 | (b[at + 5] as number)] as number) ^
      (t[0x100 | (b[at + 6] as number)] as number) ^
      (t[b[at + 7] as number] as number)
  }
  for (; at < end; at++) crc = (t[(crc ^ (b[at] as number)) & 0xff] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** The checksum of `bytes[start, end)` as an unsigned 32-bit number. */
export function crc32c(bytes: Buffer, start: number, end: number): number {
  if (native === null || end - start < NATIVE_SIZE_BYTES_MIN) return plainCrc32c(bytes, start, end)
  return native.crc32c(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
}
