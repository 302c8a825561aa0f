/**
 * Message sets of magic 0 and 1, as clients before Kafka 0.11 wrote them (KIP-31, KIP-32): read only.
 *
 * A set is a row of messages with an offset each. A packed message holds a set itself: its inner offsets are
 * absolute in magic 0, and in magic 1 count from 0, the wrapper having that of the last.
 */
import { crc32 } from 'node:zlib'
import { Reader } from '../codec/reader.ts'
import { WireFault } from '../wire-error.ts'
import { COMPRESSION_MASK, LOG_APPEND_TIME_BIT } from './batch.ts'
import { codecOfCode, decompress } from './compression.ts'

/** Offset and size before each message. */
export const LEGACY_OVERHEAD_BYTES = 12
/** CRC, magic, attributes, two lengths. */
const MESSAGE_SIZE_BYTES_MIN = 14

export interface LegacyRecord {
  readonly offset: bigint
  /** Milliseconds; -1 in magic 0. */
  readonly timestamp: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface LegacyMessage {
  readonly offset: bigint
  /** Bytes behind this field. */
  readonly messageSizeBytes: number
  readonly crc: number
  readonly isCrcValid: boolean
  readonly magic: 0 | 1
  readonly attributes: number
  readonly timestamp: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** Reads the message at the reader's position; raises a `WireFault` when it is malformed or cut. */
export function readLegacyMessage(reader: Reader): LegacyMessage {
  const offset = reader.int64()
  const messageSizeBytes = reader.int32()
  const start = reader.position
  if (messageSizeBytes < MESSAGE_SIZE_BYTES_MIN || messageSizeBytes > reader.remaining) {
    throw new WireFault('length', `a message of ${messageSizeBytes} bytes`, start)
  }
  const crc = reader.uint32()
  const isCrcValid = crc32(reader.buffer.subarray(start + 4, start + messageSizeBytes)) === crc
  const magic = reader.int8()
  if (magic !== 0 && magic !== 1) throw new WireFault('magic', `a message of magic ${magic}`, start)
  const attributes = reader.int8()
  const timestamp = magic === 1 ? reader.int64() : -1n
  const key = nullableBytes(reader)
  const value = nullableBytes(reader)
  if (reader.position !== start + messageSizeBytes) {
    throw new WireFault('length', 'a message is not as long as it says', reader.position)
  }
  return { offset, messageSizeBytes, crc, isCrcValid, magic, attributes, timestamp, key, value }
}

function nullableBytes(reader: Reader): Buffer | null {
  const length = reader.length32()
  return length < 0 ? null : reader.slice(length)
}

/** The records of a message: itself, or those that it holds packed, of at most `sizeBytesMax` bytes. */
export function legacyRecords(message: LegacyMessage, sizeBytesMax: number): LegacyRecord[] {
  const codec = codecOfCode(message.attributes & COMPRESSION_MASK)
  if (codec === 'none') return [message]
  if (codec === null || codec === 'zstd') throw new WireFault('compression', 'unknown codec of a message', 0)
  if (message.value === null) throw new WireFault('compression', 'a packed message without a value', 0)
  const unpacked = decompress(codec, message.value, sizeBytesMax, message.magic === 0)
  if (!unpacked.ok) throw new WireFault('compression', `${codec}: ${unpacked.error}`, 0)
  const inner: LegacyMessage[] = []
  const reader = new Reader(unpacked.bytes)
  while (reader.remaining > 0) inner.push(readInner(reader, message))
  const last = inner.at(-1)
  if (last === undefined) throw new WireFault('records', 'a packed message holds none', 0)
  const base = message.magic === 1 ? message.offset - last.offset : 0n
  const hasLogAppendTime = message.magic === 1 && (message.attributes & LOG_APPEND_TIME_BIT) !== 0
  return inner.map(({ offset, timestamp, key, value }) => ({
    offset: base + offset,
    timestamp: hasLogAppendTime ? message.timestamp : timestamp,
    key,
    value,
  }))
}

function readInner(reader: Reader, wrapper: LegacyMessage): LegacyMessage {
  const message = readLegacyMessage(reader)
  if (!message.isCrcValid)
    throw new WireFault('crc', 'the checksum of an inner message differs', reader.position)
  if (message.magic !== wrapper.magic || (message.attributes & COMPRESSION_MASK) !== 0) {
    throw new WireFault('records', 'an inner message of another magic, or packed again', reader.position)
  }
  return message
}
