/**
 * Is this a sequence of batches that may be appended? Reads headers and checksums, changes nothing.
 *
 * What a client may send is Kafka's rule (LogValidator): magic 2, base offset 0, as many records as offsets,
 * no control batch, a sequence where there is a producer id. What lies inside a batch is looked at only
 * where a rule needs it (compacted topics, recompression, a lower timestamp limit); by default nothing
 * is done per record.
 */
import {
  attributes,
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSizeBytes,
  compressionCode,
  hasLogAppendTime,
  isCrcValid,
  MAGIC,
  magicOf,
  maxTimestamp,
} from '../protocol/records/batch.ts'
import { limits } from '../runtime/limits.ts'
import { type AppendFailure, type AppendOptions, refuse } from './append-outcome.ts'
import { type BatchFacts, nextOffsetOf, readBatchFacts } from './batch-facts.ts'
import type { LogConfig } from './log-config.ts'
import { inspectRecords, mustLookInside, mustRecompress, recompressed } from './record-inspection.ts'
import { ErrorCode } from './storage-errors.ts'

export interface InspectedBatches {
  readonly ok: true
  /** The bytes that go into the log: those that came, or others where a batch was packed anew. */
  readonly records: Buffer
  readonly batches: readonly BatchFacts[]
  /** Bytes of the whole batches; less than the buffer when a replica's fetch ended inside one. */
  readonly sizeBytes: number
}

const COMPRESSION_CODE_MAX = 4
/** The smallest record: length, attributes, two deltas, two lengths, header count. */
const RECORD_BYTES_MIN = 7

/** Whether a whole batch of magic 2 stands at `position`; answers why not. */
function structureFault(records: Buffer, position: number): string | null {
  const left = records.length - position
  if (left < BATCH_HEADER_BYTES) return `${left} bytes are no record batch`
  const sizeBytes = batchSizeBytes(records, position)
  if (sizeBytes < BATCH_HEADER_BYTES) return `record batch size ${sizeBytes} is smaller than its header`
  if (sizeBytes > left) return `record batch of ${sizeBytes} bytes is cut after ${left}`
  return null
}

/** Splits what a client or a coordinator sent into batches. */
export function inspectOwn(
  records: Buffer,
  options: AppendOptions,
  config: LogConfig,
): InspectedBatches | AppendFailure {
  if (records.length === 0)
    return refuse(ErrorCode.INVALID_RECORD, 'an append needs at least one record batch')
  const batches: BatchFacts[] = []
  let recordsBefore = 0
  let isRepacked = false
  for (let position = 0; position < records.length; ) {
    const fault = structureFault(records, position)
    if (fault !== null) return refuse(ErrorCode.CORRUPT_MESSAGE, fault)
    if (magicOf(records, position) !== MAGIC) {
      return refuse(
        ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
        `record batches of magic ${magicOf(records, position)} are not supported`,
      )
    }
    const facts = readBatchFacts(records, position)
    const refused =
      inspectHeader(records, facts, config) ??
      (options.origin === 'client'
        ? inspectClientBatch(records, facts, options, config, recordsBefore)
        : null)
    if (refused !== null) return refused
    batches.push(facts)
    isRepacked ||= !facts.isControl && mustRecompress(records, position, config)
    recordsBefore += facts.recordCount
    position += facts.sizeBytes
  }
  if (isRepacked) return repacked(records, batches, config)
  return { ok: true, records, batches, sizeBytes: records.length }
}

/** All batches of the call in a buffer of their own, those with another codec than the topic's packed anew. */
function repacked(
  records: Buffer,
  batches: readonly BatchFacts[],
  config: LogConfig,
): InspectedBatches | AppendFailure {
  const parts: Buffer[] = []
  for (const { position, sizeBytes, isControl } of batches) {
    if (isControl || !mustRecompress(records, position, config)) {
      parts.push(records.subarray(position, position + sizeBytes))
      continue
    }
    const part = recompressed(records, position, config)
    if (!Buffer.isBuffer(part)) return part
    if (part.length > config.maxMessageBytes) return tooLarge(part.length, config)
    parts.push(part)
  }
  const whole = Buffer.concat(parts)
  const facts: BatchFacts[] = []
  for (let at = 0; at < whole.length; at += batchSizeBytes(whole, at)) facts.push(readBatchFacts(whole, at))
  return { ok: true, records: whole, batches: facts, sizeBytes: whole.length }
}

function tooLarge(sizeBytes: number, config: LogConfig): AppendFailure {
  return refuse(
    ErrorCode.MESSAGE_TOO_LARGE,
    `The record batch size ${sizeBytes} exceeds the maximum configured value of ${config.maxMessageBytes}.`,
  )
}

function inspectHeader(records: Buffer, facts: BatchFacts, config: LogConfig): AppendFailure | null {
  if (facts.sizeBytes > config.maxMessageBytes) {
    return tooLarge(facts.sizeBytes, config)
  }
  if (!isCrcValid(records, facts.position)) {
    return refuse(ErrorCode.CORRUPT_MESSAGE, 'Record is corrupt (checksum of the record batch differs).')
  }
  if (facts.recordCount <= 0 || facts.lastOffsetDelta !== facts.recordCount - 1) {
    return refuse(
      ErrorCode.INVALID_RECORD,
      `Batch has an offset range of ${facts.lastOffsetDelta + 1} and a record count of ${facts.recordCount}.`,
    )
  }
  if (compressionCode(records, facts.position) > COMPRESSION_CODE_MAX) {
    return refuse(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, 'Unknown compression type in the record batch.')
  }
  return null
}

function inspectClientBatch(
  records: Buffer,
  facts: BatchFacts,
  options: AppendOptions,
  config: LogConfig,
  recordsBefore: number,
): AppendFailure | null {
  const { position } = facts
  if (facts.isControl) {
    return refuse(ErrorCode.INVALID_RECORD, 'Clients are not allowed to write control records.')
  }
  if (baseOffset(records, position) !== 0) {
    return refuse(
      ErrorCode.INVALID_RECORD,
      `The baseOffset of the record batch should be 0, but it is ${baseOffset(records, position)}.`,
    )
  }
  if (facts.hasProducer && (facts.baseSequence < 0 || facts.producerEpoch < 0)) {
    return refuse(
      ErrorCode.INVALID_RECORD,
      `Invalid sequence number ${facts.baseSequence} in a record batch with producerId ${facts.producerId}.`,
    )
  }
  if (facts.isTransactional && !facts.hasProducer) {
    return refuse(ErrorCode.INVALID_RECORD, 'A transactional record batch must have a producerId.')
  }
  // Attribute bits that only the broker's cleaner sets would hide records from it.
  if ((attributes(records, position) & ~0x1f) !== 0) {
    return refuse(ErrorCode.INVALID_RECORD, 'Unknown attributes in the record batch.')
  }
  // A packed batch is believed its count only as far as its bytes can hold it when they are unpacked.
  if (facts.recordCount * RECORD_BYTES_MIN > limits.decompressedBatchBytesMax) {
    return refuse(ErrorCode.INVALID_RECORD, `${facts.recordCount} records are more than a batch can hold.`)
  }
  if (
    compressionCode(records, position) === 0 &&
    (facts.sizeBytes - BATCH_HEADER_BYTES < facts.recordCount * RECORD_BYTES_MIN ||
      !firstRecordFits(records, facts))
  ) {
    return refuse(ErrorCode.INVALID_RECORD, `${facts.recordCount} records do not fit into the record batch.`)
  }
  const inside = mustLookInside(config)
    ? inspectRecords(records, facts, options, config, recordsBefore)
    : null
  return inside ?? inspectTimestamps(records, facts, options, config, recordsBefore)
}

/** Whether the first record's length leads to the next record or the end: a cheap guard against noise. */
function firstRecordFits(records: Buffer, { position, sizeBytes, recordCount }: BatchFacts): boolean {
  const end = position + sizeBytes
  let at = position + BATCH_HEADER_BYTES
  let length = 0
  for (let scale = 1; at < end && scale <= 2 ** 28; scale *= 128) {
    const byte = records[at++] ?? 0
    length += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  if (length % 2 !== 0) return false
  const next = at + length / 2
  return recordCount === 1 ? next === end : next < end
}

function inspectTimestamps(
  records: Buffer,
  facts: BatchFacts,
  options: AppendOptions,
  config: LogConfig,
  recordsBefore: number,
): AppendFailure | null {
  if (hasLogAppendTime(records, facts.position)) {
    return refuse(ErrorCode.INVALID_TIMESTAMP, 'Producer should not set timestamp type to LogAppendTime.', [
      { batchIndex: recordsBefore, message: 'Invalid timestamp type.' },
    ])
  }
  if (config.timestampType === 'LogAppendTime') return null
  const latest = maxTimestamp(records, facts.position)
  if (latest - options.nowMs <= config.timestampAfterMaxMs) return null
  const message = `Timestamp ${latest} of message is out of range. The timestamp should be within [${options.nowMs - config.timestampBeforeMaxMs}, ${options.nowMs + config.timestampAfterMaxMs}].`
  return refuse(ErrorCode.INVALID_TIMESTAMP, message, [{ batchIndex: recordsBefore, message }])
}

/**
 * Splits what was fetched from a leader: offsets and epochs are given and must rise from `logEndOffset` on.
 * A batch cut at the end, and batches of an epoch later than the leader's, are left away.
 */
export function inspectReplica(
  records: Buffer,
  logEndOffset: number,
  leaderEpochMax: number,
): InspectedBatches | AppendFailure {
  const batches: BatchFacts[] = []
  let expectedMin = logEndOffset
  let position = 0
  while (position < records.length) {
    const left = records.length - position
    if (left < BATCH_HEADER_BYTES || batchSizeBytes(records, position) > left) break
    const fault = structureFault(records, position)
    if (fault !== null || magicOf(records, position) !== MAGIC || !isCrcValid(records, position)) {
      return refuse(ErrorCode.CORRUPT_MESSAGE, fault ?? 'a fetched record batch is corrupt')
    }
    const facts = readBatchFacts(records, position)
    if (facts.leaderEpoch > leaderEpochMax) break
    if (facts.baseOffset < expectedMin || facts.lastOffsetDelta < 0) {
      return refuse(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `a fetched record batch begins at ${facts.baseOffset}, the log ends at ${expectedMin}`,
      )
    }
    batches.push(facts)
    expectedMin = nextOffsetOf(facts)
    position += facts.sizeBytes
  }
  return { ok: true, records, batches, sizeBytes: position }
}
