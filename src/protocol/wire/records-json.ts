/**
 * Record sets as JSON, and back: every field of every batch header, and the records with absolute offsets and times.
 *
 * Reading JSON makes batches of magic 2 only. What was packed is packed again by our own codecs: other bytes, the
 * same records.
 */
import { bytesFromJson, int64FromJson, type Json, type JsonObject } from '../codec/json.ts'
import {
  COMPRESSION_MASK,
  CONTROL_BIT,
  DELETE_HORIZON_BIT,
  LOG_APPEND_TIME_BIT,
  TRANSACTIONAL_BIT,
} from '../records/batch.ts'
import { sequenceAt } from '../records/batch-header.ts'
import { rebuildBatch } from '../records/builder.ts'
import { codecOfCode } from '../records/compression.ts'
import type { LegacyRecord } from '../records/legacy.ts'
import type { BatchedRecord } from '../records/record.ts'
import type { ReadBatch, ReadRecord, RecordSet } from '../records/record-set.ts'
import { WireFault } from '../wire-error.ts'

function base64(bytes: Buffer | null): Json {
  return bytes === null ? null : bytes.toString('base64')
}

export function recordSetToJson(set: RecordSet): JsonObject {
  return { batches: set.batches.map(batchToJson), trailingBytes: set.trailingBytes }
}

function batchToJson(batch: ReadBatch): JsonObject {
  return batch.magic === 2 ? batchOfMagic2(batch) : legacyBatch(batch)
}

function batchOfMagic2(batch: ReadBatch & { magic: 2 }): JsonObject {
  const { header } = batch
  const { attributes } = header
  const lastOffset = header.baseOffset + BigInt(header.lastOffsetDelta)
  const json: JsonObject = {
    position: batch.position,
    sizeInBytes: batch.sizeBytes,
    magic: 2,
    valid: batch.records !== null,
    baseOffset: String(header.baseOffset),
    lastOffset: String(lastOffset),
    nextOffset: String(lastOffset + 1n),
    crc: header.crc,
    codec: codecOfCode(attributes & COMPRESSION_MASK),
    timestampType: (attributes & LOG_APPEND_TIME_BIT) === 0 ? 'CreateTime' : 'LogAppendTime',
    maxTimestamp: String(header.maxTimestamp),
    batchLength: header.batchLength,
    partitionLeaderEpoch: header.partitionLeaderEpoch,
    attributes,
    lastOffsetDelta: header.lastOffsetDelta,
    baseTimestamp: String(header.baseTimestamp),
    producerId: String(header.producerId),
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    lastSequence: sequenceAt(header.baseSequence, header.lastOffsetDelta),
    count: header.recordCount,
    transactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    control: (attributes & CONTROL_BIT) !== 0,
    deleteHorizonMs: (attributes & DELETE_HORIZON_BIT) === 0 ? null : String(header.baseTimestamp),
  }
  return batch.records === null ? json : { ...json, records: batch.records.map(recordToJson) }
}

function recordToJson(record: ReadRecord): JsonObject {
  return {
    offset: String(record.offset),
    timestamp: String(record.timestamp),
    sequence: record.sequence,
    key: base64(record.key),
    value: base64(record.value),
    headers: record.headers.map(({ key, value }) => ({ key, value: base64(value) })),
  }
}

function legacyBatch(batch: ReadBatch & { magic: 0 | 1 }): JsonObject {
  const { message, records } = batch
  const { attributes } = message
  const baseOffset = records?.[0]?.offset ?? message.offset
  const timeType = (attributes & LOG_APPEND_TIME_BIT) === 0 ? 'CreateTime' : 'LogAppendTime'
  const json: JsonObject = {
    position: batch.position,
    sizeInBytes: batch.sizeBytes,
    magic: batch.magic,
    valid: message.isCrcValid,
    baseOffset: String(baseOffset),
    lastOffset: String(message.offset),
    nextOffset: String(message.offset + 1n),
    crc: message.crc,
    codec: codecOfCode(attributes & COMPRESSION_MASK),
    timestampType: batch.magic === 0 ? 'NoTimestampType' : timeType,
    maxTimestamp: String(message.timestamp),
    messageSize: message.messageSizeBytes,
    attributes,
  }
  return records === null ? json : { ...json, records: records.map(legacyRecordToJson) }
}

function legacyRecordToJson(record: LegacyRecord): JsonObject {
  return {
    offset: String(record.offset),
    timestamp: String(record.timestamp),
    sequence: -1,
    key: base64(record.key),
    value: base64(record.value),
  }
}

function fault(path: string, what: string): WireFault {
  return new WireFault('json', `${path}: ${what}`, 0)
}

function objectFrom(json: Json | undefined, path: string): JsonObject {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw fault(path, 'an object is wanted')
  return json as JsonObject
}

function arrayFrom(json: Json | undefined, path: string): readonly Json[] {
  if (!Array.isArray(json)) throw fault(path, 'an array is wanted')
  return json
}

function integerFrom(json: Json | undefined, bits: 16 | 32, path: string): number {
  const limit = 2 ** (bits - 1)
  if (typeof json === 'number' && Number.isInteger(json) && json >= -limit && json < limit) return json
  throw fault(path, `an integer of ${bits} bits is wanted`)
}

/** The bytes of the batches that the JSON describes; raises a `WireFault` with the path of what is wrong. */
export function recordSetFromJson(json: Json): Buffer {
  const set = objectFrom(json, 'records')
  if ((set.trailingBytes ?? 0) !== 0) throw fault('trailingBytes', 'what they are is not told')
  return Buffer.concat(
    arrayFrom(set.batches, 'batches').map((batch, index) => batchFromJson(batch, `batches[${index}]`)),
  )
}

function batchFromJson(json: Json, path: string): Buffer {
  const batch = objectFrom(json, path)
  if (batch.magic !== 2) throw fault(path, 'only batches of magic 2 are written')
  if (batch.records === undefined) throw fault(path, 'records are missing')
  const attributes = integerFrom(batch.attributes, 16, `${path}.attributes`)
  const codec = codecOfCode(attributes & COMPRESSION_MASK)
  if (codec === null) throw fault(`${path}.attributes`, 'no known codec')
  const int64 = (name: string): bigint => int64FromJson(batch[name] ?? null, `${path}.${name}`)
  const header = {
    baseOffset: int64('baseOffset'),
    partitionLeaderEpoch: integerFrom(batch.partitionLeaderEpoch, 32, `${path}.partitionLeaderEpoch`),
    attributes,
    lastOffsetDelta: integerFrom(batch.lastOffsetDelta, 32, `${path}.lastOffsetDelta`),
    baseTimestamp: int64('baseTimestamp'),
    maxTimestamp: int64('maxTimestamp'),
    producerId: int64('producerId'),
    producerEpoch: integerFrom(batch.producerEpoch, 16, `${path}.producerEpoch`),
    baseSequence: integerFrom(batch.baseSequence, 32, `${path}.baseSequence`),
  }
  const records = arrayFrom(batch.records, `${path}.records`).map((record, index) =>
    recordFromJson(record, header.baseOffset, header.baseTimestamp, `${path}.records[${index}]`),
  )
  return rebuildBatch(header, records, codec)
}

function recordFromJson(json: Json, baseOffset: bigint, baseTimestamp: bigint, path: string): BatchedRecord {
  const record = objectFrom(json, path)
  const nullable = (part: Json | undefined): Buffer | null =>
    part === undefined || part === null ? null : bytesFromJson(part, path)
  const offsetDelta = Number(int64FromJson(record.offset ?? null, `${path}.offset`) - baseOffset)
  return {
    offsetDelta: integerFrom(offsetDelta, 32, `${path}.offset`),
    timestampDelta: int64FromJson(record.timestamp ?? null, `${path}.timestamp`) - baseTimestamp,
    key: nullable(record.key),
    value: nullable(record.value),
    headers: arrayFrom(record.headers ?? [], `${path}.headers`).map((header) => {
      const { key, value } = objectFrom(header, path)
      if (typeof key !== 'string') throw fault(path, 'a header key is wanted')
      return { key, value: nullable(value) }
    }),
  }
}
