/**
 * The whole header of a record batch (magic 2) as a value, exact to the last bit, and a batch made from one.
 *
 * For tools, tests and our own client; the broker's hot path reads single fields in place (batch.ts).
 */
import type { WireError } from '../wire-error.ts'
import {
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  batchSizeBytes,
  isCrcValid,
  MAGIC,
  magicOf,
  refreshCrc,
} from './batch.ts'
import { RECORD_SIZE_BYTES_MIN } from './record.ts'

export interface BatchHeader {
  readonly baseOffset: bigint
  /** Bytes behind this field. */
  readonly batchLength: number
  readonly partitionLeaderEpoch: number
  readonly magic: number
  readonly crc: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  /** Milliseconds; the delete horizon where the attributes say so. */
  readonly baseTimestamp: bigint
  readonly maxTimestamp: bigint
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

/** What a maker of batches chooses; lengths and checksum follow. */
export type BatchHeaderInput = Omit<BatchHeader, 'batchLength' | 'magic' | 'crc'>

/** Reads the 61 bytes at `position`, which must be there. */
export function readBatchHeader(buffer: Buffer, position: number): BatchHeader {
  return {
    baseOffset: buffer.readBigInt64BE(position),
    batchLength: buffer.readInt32BE(position + 8),
    partitionLeaderEpoch: buffer.readInt32BE(position + 12),
    magic: buffer.readInt8(position + 16),
    crc: buffer.readUInt32BE(position + 17),
    attributes: buffer.readInt16BE(position + 21),
    lastOffsetDelta: buffer.readInt32BE(position + 23),
    baseTimestamp: buffer.readBigInt64BE(position + 27),
    maxTimestamp: buffer.readBigInt64BE(position + 35),
    producerId: buffer.readBigInt64BE(position + 43),
    producerEpoch: buffer.readInt16BE(position + 51),
    baseSequence: buffer.readInt32BE(position + 53),
    recordCount: buffer.readInt32BE(position + 57),
  }
}

/** A batch of a header and its payload, which is packed already where the attributes say so. */
export function assembleBatch(header: BatchHeaderInput, payload: Buffer): Buffer {
  const batch = Buffer.allocUnsafe(BATCH_HEADER_BYTES + payload.length)
  batch.writeBigInt64BE(header.baseOffset, 0)
  batch.writeInt32BE(batch.length - BATCH_OVERHEAD_BYTES, 8)
  batch.writeInt32BE(header.partitionLeaderEpoch, 12)
  batch.writeInt8(MAGIC, 16)
  batch.writeInt16BE(header.attributes, 21)
  batch.writeInt32BE(header.lastOffsetDelta, 23)
  batch.writeBigInt64BE(header.baseTimestamp, 27)
  batch.writeBigInt64BE(header.maxTimestamp, 35)
  batch.writeBigInt64BE(header.producerId, 43)
  batch.writeInt16BE(header.producerEpoch, 51)
  batch.writeInt32BE(header.baseSequence, 53)
  batch.writeInt32BE(header.recordCount, 57)
  payload.copy(batch, BATCH_HEADER_BYTES)
  refreshCrc(batch, 0)
  return batch
}

/**
 * Why `buffer[position, end)` does not begin with a whole, undamaged batch of magic 2; null when it does.
 *
 * What lies inside its records is not looked at, only that as many may be there as it says.
 */
export function validateBatch(buffer: Buffer, position: number, end: number): WireError | null {
  const left = end - position
  const refuse = (reason: WireError['reason'], message: string): WireError => ({ reason, message, position })
  if (left < BATCH_OVERHEAD_BYTES) return refuse('truncated', `${left} bytes are no record batch`)
  const sizeBytes = batchSizeBytes(buffer, position)
  if (sizeBytes < BATCH_HEADER_BYTES) return refuse('length', `a record batch of ${sizeBytes} bytes`)
  if (sizeBytes > left) return refuse('truncated', `record batch of ${sizeBytes} bytes cut after ${left}`)
  const magic = magicOf(buffer, position)
  if (magic !== MAGIC) return refuse('magic', `record batch of magic ${magic}`)
  if (!isCrcValid(buffer, position)) return refuse('crc', 'the checksum of the record batch differs')
  const header = readBatchHeader(buffer, position)
  if (header.lastOffsetDelta < 0) return refuse('records', `last offset delta ${header.lastOffsetDelta}`)
  const isPacked = (header.attributes & 0x07) !== 0
  const room = isPacked ? Number.POSITIVE_INFINITY : sizeBytes - BATCH_HEADER_BYTES
  if (header.recordCount < 0 || header.recordCount * RECORD_SIZE_BYTES_MIN > room) {
    return refuse('records', `${header.recordCount} records in ${sizeBytes} bytes`)
  }
  return null
}

/** The sequence of the record that many behind the first: it wraps to 0 after 2^31-1. -1 without a producer. */
export function sequenceAt(baseSequence: number, offsetDelta: number): number {
  if (baseSequence < 0) return -1
  return (baseSequence + offsetDelta) % 2 ** 31
}
