/**
 * What a Fetch brings or a log file holds: record batches and old messages, one behind another, read whole.
 *
 * The last may be cut, as Fetch answers are. Offsets and times are exact (bigint). Nothing is unpacked beyond the
 * caller's bound, which each batch has for itself.
 */
import { Reader } from '../codec/reader.ts'
import { protocolLimits } from '../limits.ts'
import { catchWireFault, type Decoded, WireFault, wireError } from '../wire-error.ts'
import {
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  batchSizeBytes,
  compressionCode,
  isCrcValid,
  LOG_APPEND_TIME_BIT,
  MAGIC,
  magicOf,
} from './batch.ts'
import { type BatchHeader, readBatchHeader, sequenceAt } from './batch-header.ts'
import { codecOfCode, decompress } from './compression.ts'
import { type LegacyMessage, type LegacyRecord, legacyRecords, readLegacyMessage } from './legacy.ts'
import { decodeRecords, type RecordHeader } from './record.ts'

export interface ReadRecord extends LegacyRecord {
  /** -1 without an idempotent producer. */
  readonly sequence: number
  readonly headers: readonly RecordHeader[]
}

/** One batch of a set; `records` is null where the checksum is wrong. */
export type ReadBatch =
  | {
      readonly magic: 2
      readonly position: number
      readonly sizeBytes: number
      readonly header: BatchHeader
      readonly records: readonly ReadRecord[] | null
    }
  | {
      readonly magic: 0 | 1
      readonly position: number
      readonly sizeBytes: number
      readonly message: LegacyMessage
      readonly records: readonly LegacyRecord[] | null
    }

export interface RecordSet {
  readonly batches: readonly ReadBatch[]
  /** Bytes behind the last whole batch. */
  readonly trailingBytes: number
}

/**
 * The records' bytes of the batch at `position`, which must be whole; unpacked where they are packed, else a slice.
 * An error when they cannot be unpacked or exceed `sizeBytesMax`.
 */
export function batchPayload(buffer: Buffer, position: number, sizeBytesMax: number): Decoded<Buffer> {
  const end = position + batchSizeBytes(buffer, position)
  const payload = buffer.subarray(position + BATCH_HEADER_BYTES, end)
  const codec = codecOfCode(compressionCode(buffer, position))
  if (codec === null) return wireError('compression', 'unknown codec of a record batch', position)
  // A batch that compaction left empty has no payload, whatever its codec.
  if (codec === 'none' || payload.length === 0) return { ok: true, value: payload, position: end }
  const unpacked = decompress(codec, payload, sizeBytesMax)
  if (!unpacked.ok) return wireError('compression', `${codec}: ${unpacked.error}`, position)
  return { ok: true, value: unpacked.bytes, position: end }
}

/** The records of the whole batch of magic 2 at `position`, with absolute offsets and times. */
export function readBatchRecords(
  buffer: Buffer,
  position: number,
  sizeBytesMax: number,
): Decoded<ReadRecord[]> {
  const header = readBatchHeader(buffer, position)
  const payload = batchPayload(buffer, position, sizeBytesMax)
  if (!payload.ok) return payload
  const decoded = decodeRecords(payload.value, header.recordCount)
  if (!decoded.ok) return decoded
  const hasLogAppendTime = (header.attributes & LOG_APPEND_TIME_BIT) !== 0
  const records = decoded.value.map((record) => ({
    offset: header.baseOffset + BigInt(record.offsetDelta),
    timestamp: hasLogAppendTime ? header.maxTimestamp : header.baseTimestamp + record.timestampDelta,
    sequence: sequenceAt(header.baseSequence, record.offsetDelta),
    key: record.key,
    value: record.value,
    headers: record.headers,
  }))
  return { ok: true, value: records, position: payload.position }
}

/** Reads a set; each batch may unpack to `sizeBytesMax`. */
export function readRecordSet(buffer: Buffer, sizeBytesMax: number): Decoded<RecordSet> {
  return catchWireFault<RecordSet>(() => {
    const batches: ReadBatch[] = []
    let position = 0
    let records = 0
    while (buffer.length - position >= BATCH_OVERHEAD_BYTES + 5) {
      const sizeBytes = batchSizeBytes(buffer, position)
      if (sizeBytes < BATCH_OVERHEAD_BYTES)
        throw new WireFault('length', `a batch of ${sizeBytes} bytes`, position)
      if (sizeBytes > buffer.length - position) break
      const batch = readOne(buffer, position, sizeBytes, sizeBytesMax)
      batches.push(batch)
      records += 1 + (batch.records?.length ?? 0)
      if (records > protocolLimits.recordsAndHeadersPerBatchMax) {
        throw new WireFault('limit', 'too many records in one set', position)
      }
      position += sizeBytes
    }
    return { ok: true, value: { batches, trailingBytes: buffer.length - position }, position }
  })
}

function readOne(buffer: Buffer, position: number, sizeBytes: number, sizeBytesMax: number): ReadBatch {
  const magic = magicOf(buffer, position)
  if (magic === 0 || magic === 1) {
    const message = readLegacyMessage(new Reader(buffer, position, position + sizeBytes))
    const records = message.isCrcValid ? legacyRecords(message, sizeBytesMax) : null
    return { magic, position, sizeBytes, message, records }
  }
  if (magic !== MAGIC) throw new WireFault('magic', `a batch of magic ${magic}`, position)
  if (sizeBytes < BATCH_HEADER_BYTES) throw new WireFault('length', `a batch of ${sizeBytes} bytes`, position)
  const header = readBatchHeader(buffer, position)
  if (!isCrcValid(buffer, position)) return { magic: 2, position, sizeBytes, header, records: null }
  const records = readBatchRecords(buffer, position, sizeBytesMax)
  if (!records.ok) throw new WireFault(records.error.reason, records.error.message, records.error.position)
  return { magic: 2, position, sizeBytes, header, records: records.value }
}
