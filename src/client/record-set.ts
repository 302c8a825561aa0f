/**
 * The records in what a fetch brought: batch by batch, decompressed, aborted transactions left out.
 *
 * Records below the offset asked are skipped (a batch comes whole), control batches are never handed out, and
 * a batch that does not match its checksum is an error of that partition, not a guess.
 */
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  baseTimestamp,
  batchSizeBytes,
  hasLogAppendTime,
  isControl,
  isCrcValid,
  isTransactional,
  lastOffset,
  magicOf,
  maxTimestamp,
  producerId,
  recordCount,
} from '../protocol/records/batch.ts'
import { decodeRecords, type RecordHeader } from '../protocol/records/record.ts'
import { batchPayload } from '../protocol/records/record-set.ts'
import { limits } from '../runtime/limits.ts'
import { ClientError } from './client-error.ts'

export interface ReceivedRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

export interface RecordSet {
  readonly records: readonly ReceivedRecord[]
  /** Where the next fetch goes on: behind the last whole batch. */
  readonly nextOffset: number
}

/** Transactions of which a committed reader must not see a record: producer and first offset. */
export interface AbortedRange {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

const MAGIC = 2
const CONTROL_ABORT = 0

/** Decodes whole batches from `fromOffset` on; a cut one at the end is left for the next fetch. */
export function decodeRecordSet(
  bytes: Buffer,
  fromOffset: number,
  aborted: readonly AbortedRange[] = [],
): RecordSet {
  const records: ReceivedRecord[] = []
  let nextOffset = fromOffset
  const pending = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const open = new Set<bigint>()
  for (let position = 0; bytes.length - position >= BATCH_HEADER_BYTES; ) {
    const sizeBytes = batchSizeBytes(bytes, position)
    if (bytes.length - position < sizeBytes) break
    if (magicOf(bytes, position) !== MAGIC)
      throw damaged('a batch of an old format', baseOffset(bytes, position))
    if (!isCrcValid(bytes, position))
      throw damaged('a batch whose checksum is wrong', baseOffset(bytes, position))
    const last = lastOffset(bytes, position)
    while (pending[0] !== undefined && pending[0].firstOffset <= BigInt(last))
      open.add((pending.shift() as AbortedRange).producerId)
    if (isControl(bytes, position)) noteMarker(bytes, position, open)
    else if (!isTransactional(bytes, position) || !open.has(producerId(bytes, position)))
      readBatch(bytes, position, fromOffset, records)
    nextOffset = Math.max(nextOffset, last + 1)
    position += sizeBytes
  }
  return { records, nextOffset }
}

function damaged(what: string, offset: number): ClientError {
  return new ClientError('CORRUPT_MESSAGE', `${what} at offset ${offset}`, false)
}

/** An abort marker ends the aborted transaction of its producer. */
function noteMarker(bytes: Buffer, position: number, open: Set<bigint>): void {
  const marker = decodeRecords(payloadOf(bytes, position), recordCount(bytes, position))
  const key = marker.ok ? marker.value[0]?.key : null
  if (key != null && key.length >= 4 && key.readInt16BE(2) === CONTROL_ABORT)
    open.delete(producerId(bytes, position))
}

function payloadOf(bytes: Buffer, position: number): Buffer {
  const payload = batchPayload(bytes, position, limits.decompressedBatchBytesMax)
  if (!payload.ok)
    throw damaged(`a batch that cannot be unpacked (${payload.error.message})`, baseOffset(bytes, position))
  return payload.value
}

function readBatch(bytes: Buffer, position: number, fromOffset: number, records: ReceivedRecord[]): void {
  const batch = decodeRecords(payloadOf(bytes, position), recordCount(bytes, position))
  if (!batch.ok)
    throw damaged(`a batch that cannot be read (${batch.error.message})`, baseOffset(bytes, position))
  const base = baseOffset(bytes, position)
  const baseMs = baseTimestamp(bytes, position)
  const appendedMs = hasLogAppendTime(bytes, position) ? maxTimestamp(bytes, position) : null
  for (const record of batch.value) {
    const offset = base + record.offsetDelta
    if (offset < fromOffset) continue
    records.push({
      offset,
      timestampMs: appendedMs ?? baseMs + Number(record.timestampDelta),
      key: record.key,
      value: record.value,
      headers: record.headers,
    })
  }
}
