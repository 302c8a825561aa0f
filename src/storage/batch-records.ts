/**
 * Looks into a stored or received batch: its records, unpacked within a bound, with absolute offsets and times.
 *
 * Only for those who must (compacted topics, lookups by time, compaction, recompression); the hot paths never
 * come here.
 */
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  baseTimestamp,
  batchSizeBytes,
  compressionCode,
  hasLogAppendTime,
  maxTimestamp,
  recordCount,
} from '../protocol/records/batch.ts'
import { codecOfCode, decompress } from '../protocol/records/compression.ts'
import { type BatchedRecord, RecordCursor } from '../protocol/records/record.ts'
import { WireFault } from '../protocol/wire-error.ts'
import { limits } from '../runtime/limits.ts'

export interface StoredRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly record: BatchedRecord
  /** Where the record lies in the payload. */
  readonly start: number
  readonly end: number
}

export type Payload =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly error: 'corrupt' | 'too-large' | 'unknown-codec' }

/** The records' bytes of the batch at `position`, unpacked. */
export function payloadOf(buffer: Buffer, position: number): Payload {
  const packed = buffer.subarray(position + BATCH_HEADER_BYTES, position + batchSizeBytes(buffer, position))
  const codec = codecOfCode(compressionCode(buffer, position))
  if (codec === null) return { ok: false, error: 'unknown-codec' }
  return decompress(codec, packed, limits.decompressedBatchBytesMax)
}

/**
 * Visits every record of the batch at `position` whose unpacked bytes are `payload`, until `visit` answers
 * false. Answers what is wrong with the batch; null when all is well.
 */
export function visitRecords(
  buffer: Buffer,
  position: number,
  payload: Buffer,
  visit: (record: StoredRecord) => boolean,
): string | null {
  const base = baseOffset(buffer, position)
  const baseTime = baseTimestamp(buffer, position)
  // With LogAppendTime all records have the batch's time, whatever their deltas say.
  const fixedTime = hasLogAppendTime(buffer, position) ? maxTimestamp(buffer, position) : null
  const count = recordCount(buffer, position)
  const cursor = new RecordCursor(payload)
  try {
    for (let index = 0; index < count; index++) {
      const start = cursor.position
      const record = cursor.next()
      const timestampMs = fixedTime ?? baseTime + Number(record.timestampDelta)
      const stored = { offset: base + record.offsetDelta, timestampMs, record, start, end: cursor.position }
      if (!visit(stored)) return null
    }
  } catch (fault) {
    if (fault instanceof WireFault) return fault.error.message
    throw fault
  }
  return cursor.atEnd ? null : `bytes after the ${count} records of a batch`
}
