/**
 * Reads the one record of a control batch: which transaction it ends, and how (KIP-98).
 *
 * Control records are never compressed. Key: int16 version, int16 type (0 abort, 1 commit, others are no
 * transaction's); value: int16 version, int32 coordinator epoch.
 */
import {
  BATCH_HEADER_BYTES,
  batchSizeBytes,
  maxTimestamp,
  producerEpoch,
  producerId,
} from '../protocol/records/batch.ts'
import type { TransactionMarker } from './producer-entry.ts'

const ABORT = 0
const COMMIT = 1

/** Moves over one varint (at most ten bytes); answers its zigzag value for small ones, and where it ends. */
function varint(buffer: Buffer, start: number, end: number): { value: number; next: number } | null {
  let value = 0
  for (let at = start, scale = 1; at < end && at < start + 10; at++, scale *= 128) {
    const byte = buffer[at] ?? 0
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return { value: value % 2 === 0 ? value / 2 : -(value + 1) / 2, next: at + 1 }
  }
  return null
}

/** Where key and value of the record lie; null when it is cut or malformed. */
function keyAndValue(buffer: Buffer, start: number, end: number): { key: Buffer; value: Buffer } | null {
  const length = varint(buffer, start, end)
  if (length === null || length.next + length.value > end) return null
  const timestampDelta = varint(buffer, length.next + 1, end)
  const offsetDelta = timestampDelta && varint(buffer, timestampDelta.next, end)
  const keyLength = offsetDelta && varint(buffer, offsetDelta.next, end)
  if (!keyLength || keyLength.value < 4 || keyLength.next + keyLength.value > end) return null
  const valueLength = varint(buffer, keyLength.next + keyLength.value, end)
  if (valueLength === null || valueLength.next + Math.max(0, valueLength.value) > end) return null
  return {
    key: buffer.subarray(keyLength.next, keyLength.next + keyLength.value),
    value: buffer.subarray(valueLength.next, valueLength.next + Math.max(0, valueLength.value)),
  }
}

/** The marker in the control batch at `position`; null when it is another kind of control record. */
export function readTransactionMarker(buffer: Buffer, position: number): TransactionMarker | null {
  const end = position + batchSizeBytes(buffer, position)
  const record = keyAndValue(buffer, position + BATCH_HEADER_BYTES, end)
  if (record === null) return null
  const type = record.key.readInt16BE(2)
  if ((type !== ABORT && type !== COMMIT) || record.value.length < 6) return null
  return {
    producerId: producerId(buffer, position),
    producerEpoch: producerEpoch(buffer, position),
    coordinatorEpoch: record.value.readInt32BE(2),
    isAbort: type === ABORT,
    timestampMs: maxTimestamp(buffer, position),
  }
}
