/**
 * Decides what of one batch survives compaction, and builds what is left of it, in Kafka's form.
 *
 * Base offset, last offset and base sequence stay while records go; a batch that gets its first tombstone or
 * empty marker gets a delete horizon as its base timestamp (KIP-534). Pure: bytes in, bytes out.
 */
import {
  attributes,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  baseTimestamp,
  batchSizeBytes,
  compressionCode,
  hasDeleteHorizon,
  recordCount,
  refreshCrc,
} from '../protocol/records/batch.ts'
import { codecOfCode, compress } from '../protocol/records/compression.ts'
import { recordSizeBytes, writeRecord } from '../protocol/records/record.ts'
import { payloadOf, type StoredRecord, visitRecords } from './batch-records.ts'
import { writeTimestamp } from './time-index.ts'

export interface BatchFate {
  /** All records go (an aborted batch, a marker past its horizon). */
  readonly discardsRecords: boolean
  /** The batch itself stays even with no record left. */
  readonly keepsEmpty: boolean
  /** The batch is a marker whose transaction has no data left: it needs a delete horizon. */
  readonly isEmptyMarker: boolean
  /** Control batches keep all their records. */
  readonly isControl: boolean
  readonly keepsRecord: (record: StoredRecord) => boolean
  /** Given to batches that need a horizon and have none. */
  readonly deleteHorizonMs: number
}

export type FilteredBatch =
  | { readonly kind: 'drop' }
  /** Stays as it is, byte for byte. */
  | { readonly kind: 'keep' }
  | { readonly kind: 'replace'; readonly bytes: Buffer }
  | { readonly kind: 'fault'; readonly reason: string }

const ATTRIBUTES = 21
const BATCH_LENGTH = 8
const BASE_TIMESTAMP = 27
const MAX_TIMESTAMP = 35
const RECORD_COUNT = 57
const COMPRESSION_MASK = 0x07
const DELETE_HORIZON_BIT = 0x40
const NO_TIMESTAMP = -1

/** What is left of the batch at `position`. */
export function filterBatch(buffer: Buffer, position: number, fate: BatchFate): FilteredBatch {
  const count = recordCount(buffer, position)
  if (count === 0) return { kind: fate.keepsEmpty ? 'keep' : 'drop' }
  if (fate.discardsRecords) return fate.keepsEmpty ? emptied(buffer, position) : { kind: 'drop' }
  const payload = payloadOf(buffer, position)
  if (!payload.ok)
    return { kind: 'fault', reason: `the records of a batch cannot be unpacked: ${payload.error}` }
  const kept: StoredRecord[] = []
  let hasTombstone = false
  const fault = visitRecords(buffer, position, payload.bytes, (stored) => {
    if (!fate.isControl && !fate.keepsRecord(stored)) return true
    kept.push(stored)
    if (!fate.isControl && stored.record.value === null) hasTombstone = true
    return true
  })
  if (fault !== null) return { kind: 'fault', reason: fault }
  if (kept.length === 0) return fate.keepsEmpty ? emptied(buffer, position) : { kind: 'drop' }
  const needsHorizon = (hasTombstone || fate.isEmptyMarker) && !hasDeleteHorizon(buffer, position)
  if (kept.length === count && !needsHorizon) return { kind: 'keep' }
  const horizonMs = needsHorizon ? fate.deleteHorizonMs : null
  return { kind: 'replace', bytes: rebuilt(buffer, position, payload.bytes, kept, horizonMs) }
}

/** The header alone, without compression or times of records that are no more. */
function emptied(buffer: Buffer, position: number): FilteredBatch {
  const bytes = Buffer.from(buffer.subarray(position, position + BATCH_HEADER_BYTES))
  bytes.writeInt16BE(attributes(bytes, 0) & ~(COMPRESSION_MASK | DELETE_HORIZON_BIT), ATTRIBUTES)
  bytes.writeInt32BE(BATCH_HEADER_BYTES - BATCH_OVERHEAD_BYTES, BATCH_LENGTH)
  writeTimestamp(bytes, NO_TIMESTAMP, BASE_TIMESTAMP)
  bytes.writeInt32BE(0, RECORD_COUNT)
  refreshCrc(bytes, 0)
  return { kind: 'replace', bytes }
}

function rebuilt(
  buffer: Buffer,
  position: number,
  payload: Buffer,
  kept: readonly StoredRecord[],
  newHorizonMs: number | null,
): Buffer {
  const hadHorizon = hasDeleteHorizon(buffer, position)
  const oldBase = baseTimestamp(buffer, position)
  const base = newHorizonMs ?? (hadHorizon ? oldBase : (kept[0]?.timestampMs ?? oldBase))
  const records = base === oldBase ? copied(payload, kept) : rewritten(kept, base)
  const codec = codecOfCode(compressionCode(buffer, position)) ?? 'none'
  const body = compress(codec, records)
  const bytes = Buffer.allocUnsafe(BATCH_HEADER_BYTES + body.length)
  buffer.copy(bytes, 0, position, position + BATCH_HEADER_BYTES)
  body.copy(bytes, BATCH_HEADER_BYTES)
  let largest = Number.NEGATIVE_INFINITY
  for (const { timestampMs } of kept) largest = Math.max(largest, timestampMs)
  const horizonBit = newHorizonMs === null ? 0 : DELETE_HORIZON_BIT
  bytes.writeInt16BE(attributes(buffer, position) | horizonBit, ATTRIBUTES)
  bytes.writeInt32BE(bytes.length - BATCH_OVERHEAD_BYTES, BATCH_LENGTH)
  writeTimestamp(bytes, base, BASE_TIMESTAMP)
  writeTimestamp(bytes, largest, MAX_TIMESTAMP)
  bytes.writeInt32BE(kept.length, RECORD_COUNT)
  refreshCrc(bytes, 0)
  return bytes
}

/** The records as they are: their deltas still hold. */
function copied(payload: Buffer, kept: readonly StoredRecord[]): Buffer {
  return Buffer.concat(kept.map(({ start, end }) => payload.subarray(start, end)))
}

/** The records with times relative to another base. */
function rewritten(kept: readonly StoredRecord[], baseMs: number): Buffer {
  const records = kept.map(({ record, timestampMs }) => ({
    ...record,
    timestampDelta: BigInt(timestampMs - baseMs),
  }))
  let sizeBytes = 0
  for (const record of records) sizeBytes += recordSizeBytes(record)
  const bytes = Buffer.allocUnsafe(sizeBytes)
  let at = 0
  for (const record of records) at = writeRecord(bytes, at, record)
  return bytes
}

/** Bytes of the batch at `position`. */
export function wholeBatch(buffer: Buffer, position: number): Buffer {
  return buffer.subarray(position, position + batchSizeBytes(buffer, position))
}
