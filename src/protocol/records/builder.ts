/**
 * Builds a record batch of magic 2 from records: for our own topics, our client, and control records.
 *
 * Offsets follow each other from the base; the checksum is right when the batch is handed out. Compression is
 * put in by the caller, so that nobody who builds plain batches loads a codec.
 */
import { BATCH_HEADER_BYTES, BATCH_OVERHEAD_BYTES, MAGIC, refreshCrc } from './batch.ts'
import { type BatchedRecord, type RecordHeader, recordSizeBytes, writeRecord } from './record.ts'

export interface NewRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestampMs: number
  readonly headers?: readonly RecordHeader[]
}

export interface BatchOptions {
  readonly baseOffset?: number
  readonly leaderEpoch?: number
  readonly isControl?: boolean
  readonly isTransactional?: boolean
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  /** Number of the codec and what it makes of the records' bytes. */
  readonly compression?: { readonly code: number; readonly compress: (bytes: Buffer) => Buffer }
}

const TRANSACTIONAL_BIT = 0x10
const CONTROL_BIT = 0x20

/** The bytes of one batch; `records` must not be empty. */
export function buildBatch(records: readonly NewRecord[], options: BatchOptions = {}): Buffer {
  const [first] = records
  if (first === undefined) throw new Error('a batch needs a record')
  const baseTimestampMs = first.timestampMs
  let maxTimestampMs = baseTimestampMs
  for (const record of records) maxTimestampMs = Math.max(maxTimestampMs, record.timestampMs)
  const payload = payloadOf(records, baseTimestampMs)
  const { compression } = options
  const body = compression === undefined ? payload : compression.compress(payload)
  const batch = Buffer.alloc(BATCH_HEADER_BYTES + body.length)
  let attributes = compression?.code ?? 0
  if (options.isTransactional === true) attributes |= TRANSACTIONAL_BIT
  if (options.isControl === true) attributes |= CONTROL_BIT
  batch.writeBigInt64BE(BigInt(options.baseOffset ?? 0), 0)
  batch.writeInt32BE(batch.length - BATCH_OVERHEAD_BYTES, 8)
  batch.writeInt32BE(options.leaderEpoch ?? -1, 12)
  batch.writeInt8(MAGIC, 16)
  batch.writeInt16BE(attributes, 21)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(baseTimestampMs), 27)
  batch.writeBigInt64BE(BigInt(maxTimestampMs), 35)
  batch.writeBigInt64BE(options.producerId ?? -1n, 43)
  batch.writeInt16BE(options.producerEpoch ?? -1, 51)
  batch.writeInt32BE(options.baseSequence ?? -1, 53)
  batch.writeInt32BE(records.length, 57)
  body.copy(batch, BATCH_HEADER_BYTES)
  refreshCrc(batch, 0)
  return batch
}

function payloadOf(records: readonly NewRecord[], baseTimestampMs: number): Buffer {
  let sizeBytes = 0
  const batched = records.map((record, offsetDelta): BatchedRecord => {
    const one = {
      offsetDelta,
      timestampDelta: BigInt(record.timestampMs - baseTimestampMs),
      key: record.key,
      value: record.value,
      headers: record.headers ?? [],
    }
    sizeBytes += recordSizeBytes(one)
    return one
  })
  const payload = Buffer.allocUnsafe(sizeBytes)
  let position = 0
  for (const record of batched) position = writeRecord(payload, position, record)
  if (position !== sizeBytes) throw new Error('the records do not fill the bytes that were counted for them')
  return payload
}
