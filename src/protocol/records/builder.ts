/**
 * Builds record batches of magic 2 from records: for our own topics, our client, control records, the log cleaner.
 *
 * The checksum is right when a batch is handed out. Nothing else about the records is checked here.
 */
import { CONTROL_BIT, TRANSACTIONAL_BIT } from './batch.ts'
import { assembleBatch, type BatchHeaderInput } from './batch-header.ts'
import { type CompressionCodec, codeOfCodec, compress } from './compression.ts'
import { type BatchedRecord, type RecordHeader, recordSizeBytes, writeRecord } from './record.ts'

export interface NewRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestampMs: number
  readonly headers?: readonly RecordHeader[]
}

export interface BatchOptions {
  /** 0 unless told; the log that the batch is appended to sets its own. */
  readonly baseOffset?: number
  readonly leaderEpoch?: number
  readonly isControl?: boolean
  readonly isTransactional?: boolean
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly compression?: CompressionCodec
  /** For gzip and zstd; the codec's own default when absent. */
  readonly compressionLevel?: number
}

/** The bytes of one batch whose offsets follow each other; `records` must not be empty. */
export function buildBatch(records: readonly NewRecord[], options: BatchOptions = {}): Buffer {
  const [first] = records
  if (first === undefined) throw new Error('a batch needs a record')
  const baseTimestampMs = first.timestampMs
  let maxTimestampMs = baseTimestampMs
  for (const record of records) maxTimestampMs = Math.max(maxTimestampMs, record.timestampMs)
  const codec = options.compression ?? 'none'
  let attributes = codeOfCodec(codec)
  if (options.isTransactional === true) attributes |= TRANSACTIONAL_BIT
  if (options.isControl === true) attributes |= CONTROL_BIT
  const payload = encodeRecords(
    records.map((record, offsetDelta) => ({
      offsetDelta,
      timestampDelta: BigInt(record.timestampMs - baseTimestampMs),
      key: record.key,
      value: record.value,
      headers: record.headers ?? [],
    })),
  )
  return assembleBatch(
    {
      baseOffset: BigInt(options.baseOffset ?? 0),
      partitionLeaderEpoch: options.leaderEpoch ?? -1,
      attributes,
      lastOffsetDelta: records.length - 1,
      baseTimestamp: BigInt(baseTimestampMs),
      maxTimestamp: BigInt(maxTimestampMs),
      producerId: options.producerId ?? -1n,
      producerEpoch: options.producerEpoch ?? -1,
      baseSequence: options.baseSequence ?? -1,
      recordCount: records.length,
    },
    compress(codec, payload, options.compressionLevel),
  )
}

/**
 * A batch of that header around other records: what compaction leaves of a batch keeps its base offset, last
 * offset, base sequence and producer. `codec` must be the one that the attributes name. A batch without records has
 * no payload, packed or not.
 */
export function rebuildBatch(
  header: Omit<BatchHeaderInput, 'recordCount'>,
  records: readonly BatchedRecord[],
  codec: CompressionCodec = 'none',
): Buffer {
  const payload = records.length === 0 ? Buffer.alloc(0) : compress(codec, encodeRecords(records))
  return assembleBatch({ ...header, recordCount: records.length }, payload)
}

/** The records' bytes as a batch holds them, not packed. */
export function encodeRecords(records: readonly BatchedRecord[]): Buffer {
  let sizeBytes = 0
  for (const record of records) sizeBytes += recordSizeBytes(record)
  const payload = Buffer.allocUnsafe(sizeBytes)
  let position = 0
  for (const record of records) position = writeRecord(payload, position, record)
  if (position !== sizeBytes) throw new Error('the records do not fill the bytes that were counted for them')
  return payload
}
