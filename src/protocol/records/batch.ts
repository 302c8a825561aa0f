/**
 * The header of a record batch (magic 2, KIP-98) read and patched in place, without decoding a record.
 *
 * All functions take the buffer and the position of the batch's first byte; the caller has made sure that
 * the 61 bytes of the header are there. The checksum covers everything from the attributes on, so base offset
 * and leader epoch can change without it.
 */
import { crc32c } from './crc32c.ts'

/** Bytes before the batch length counts: base offset and the length itself. */
export const BATCH_OVERHEAD_BYTES = 12
export const BATCH_HEADER_BYTES = 61
export const MAGIC = 2

const LENGTH = 8
const LEADER_EPOCH = 12
const MAGIC_BYTE = 16
const CRC = 17
const ATTRIBUTES = 21
const LAST_OFFSET_DELTA = 23
const BASE_TIMESTAMP = 27
const MAX_TIMESTAMP = 35
const PRODUCER_ID = 43
const PRODUCER_EPOCH = 51
const BASE_SEQUENCE = 53
const RECORD_COUNT = 57

/** The bits of a batch's attributes. */
export const COMPRESSION_MASK = 0x07
export const LOG_APPEND_TIME_BIT = 0x08
export const TRANSACTIONAL_BIT = 0x10
export const CONTROL_BIT = 0x20
export const DELETE_HORIZON_BIT = 0x40

/** An int64 as a number; exact up to 2^53, which the log asserts for offsets. */
function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 2 ** 32 + buffer.readUInt32BE(at + 4)
}

function writeInt64(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 2 ** 32)
  buffer.writeInt32BE(high, at)
  buffer.writeUInt32BE(value - high * 2 ** 32, at + 4)
}

/** The whole batch, its first twelve bytes included. */
export function batchSizeBytes(buffer: Buffer, position: number): number {
  return BATCH_OVERHEAD_BYTES + buffer.readInt32BE(position + LENGTH)
}

export function magicOf(buffer: Buffer, position: number): number {
  return buffer.readInt8(position + MAGIC_BYTE)
}

export function baseOffset(buffer: Buffer, position: number): number {
  return readInt64(buffer, position)
}

export function setBaseOffset(buffer: Buffer, position: number, offset: number): void {
  writeInt64(buffer, offset, position)
}

export function leaderEpoch(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position + LEADER_EPOCH)
}

export function setLeaderEpoch(buffer: Buffer, position: number, epoch: number): void {
  buffer.writeInt32BE(epoch, position + LEADER_EPOCH)
}

export function storedCrc(buffer: Buffer, position: number): number {
  return buffer.readUInt32BE(position + CRC)
}

/** The checksum that the batch should have. */
export function computedCrc(buffer: Buffer, position: number): number {
  return crc32c(buffer, position + ATTRIBUTES, position + batchSizeBytes(buffer, position))
}

export function isCrcValid(buffer: Buffer, position: number): boolean {
  return storedCrc(buffer, position) === computedCrc(buffer, position)
}

/** Writes the checksum anew, after anything from the attributes on was changed. */
export function refreshCrc(buffer: Buffer, position: number): void {
  buffer.writeUInt32BE(computedCrc(buffer, position), position + CRC)
}

export function attributes(buffer: Buffer, position: number): number {
  return buffer.readInt16BE(position + ATTRIBUTES)
}

/** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export function compressionCode(buffer: Buffer, position: number): number {
  return attributes(buffer, position) & COMPRESSION_MASK
}

export function hasLogAppendTime(buffer: Buffer, position: number): boolean {
  return (attributes(buffer, position) & LOG_APPEND_TIME_BIT) !== 0
}

export function isTransactional(buffer: Buffer, position: number): boolean {
  return (attributes(buffer, position) & TRANSACTIONAL_BIT) !== 0
}

export function isControl(buffer: Buffer, position: number): boolean {
  return (attributes(buffer, position) & CONTROL_BIT) !== 0
}

/** The base timestamp is then the moment from which tombstones may go (KIP-534). */
export function hasDeleteHorizon(buffer: Buffer, position: number): boolean {
  return (attributes(buffer, position) & DELETE_HORIZON_BIT) !== 0
}

export function lastOffsetDelta(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position + LAST_OFFSET_DELTA)
}

export function lastOffset(buffer: Buffer, position: number): number {
  return baseOffset(buffer, position) + lastOffsetDelta(buffer, position)
}

export function baseTimestamp(buffer: Buffer, position: number): number {
  return readInt64(buffer, position + BASE_TIMESTAMP)
}

export function maxTimestamp(buffer: Buffer, position: number): number {
  return readInt64(buffer, position + MAX_TIMESTAMP)
}

/** Stamps the batch with the broker's time (LogAppendTime) and renews the checksum. */
export function setLogAppendTime(buffer: Buffer, position: number, timestampMs: number): void {
  buffer.writeInt16BE(attributes(buffer, position) | LOG_APPEND_TIME_BIT, position + ATTRIBUTES)
  writeInt64(buffer, timestampMs, position + MAX_TIMESTAMP)
  refreshCrc(buffer, position)
}

/** True when the batch comes from an idempotent producer; cheaper than comparing `producerId`. */
export function hasProducerId(buffer: Buffer, position: number): boolean {
  return buffer.readInt32BE(position + PRODUCER_ID) >= 0
}

/** -1n when there is none. */
export function producerId(buffer: Buffer, position: number): bigint {
  return buffer.readBigInt64BE(position + PRODUCER_ID)
}

export function producerEpoch(buffer: Buffer, position: number): number {
  return buffer.readInt16BE(position + PRODUCER_EPOCH)
}

export function baseSequence(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position + BASE_SEQUENCE)
}

export function recordCount(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position + RECORD_COUNT)
}
