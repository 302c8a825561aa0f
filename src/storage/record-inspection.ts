/**
 * What a client's batch must satisfy inside, where a topic's settings ask for a look: keys on compacted
 * topics, a lower limit of timestamps, another codec than the producer's.
 *
 * Answers Kafka's errors with the index of each refused record (KIP-467). Unpacking is bounded.
 */
import {
  attributes,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  compressionCode,
  maxTimestamp,
  refreshCrc,
} from '../protocol/records/batch.ts'
import { codeOfCodec, compress } from '../protocol/records/compression.ts'
import { type AppendFailure, type AppendOptions, type RecordError, refuse } from './append-outcome.ts'
import type { BatchFacts } from './batch-facts.ts'
import { type Payload, payloadOf, visitRecords } from './batch-records.ts'
import type { LogConfig } from './log-config.ts'
import { ErrorCode } from './storage-errors.ts'
import { writeTimestamp } from './time-index.ts'

const ATTRIBUTES = 21
const BATCH_LENGTH = 8
const MAX_TIMESTAMP = 35
const COMPRESSION_MASK = 0x07

/** Whether the settings of the topic ask for a look at every record of a client's batch. */
export function mustLookInside(config: LogConfig): boolean {
  return config.compacts || Number.isFinite(config.timestampBeforeMaxMs)
}

/** Whether the topic wants another codec than the batch has. */
export function mustRecompress(records: Buffer, position: number, config: LogConfig): boolean {
  return (
    config.compression !== 'producer' &&
    compressionCode(records, position) !== codeOfCodec(config.compression)
  )
}

function payloadFailure(payload: Payload & { readonly ok: false }): AppendFailure {
  switch (payload.error) {
    case 'too-large':
      return refuse(ErrorCode.MESSAGE_TOO_LARGE, 'The record batch is too large when it is unpacked.')
    case 'corrupt':
      return refuse(ErrorCode.CORRUPT_MESSAGE, 'The records of the batch cannot be unpacked.')
    case 'unknown-codec':
      return refuse(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, 'Unknown compression type in the record batch.')
  }
}

/**
 * Checks every record of a client's batch; `recordsBefore` counts those of earlier batches of the call. Mends the
 * batch's largest timestamp if the header lied. Answers null when all is well.
 */
export function inspectRecords(
  records: Buffer,
  facts: BatchFacts,
  options: AppendOptions,
  config: LogConfig,
  recordsBefore: number,
): AppendFailure | null {
  const { position } = facts
  const payload = payloadOf(records, position)
  if (!payload.ok) return payloadFailure(payload)
  const errors: RecordError[] = []
  let hasBadTime = false
  let index = 0
  let largest = Number.NEGATIVE_INFINITY
  const fault = visitRecords(records, position, payload.bytes, ({ record, timestampMs }) => {
    const batchIndex = recordsBefore + index
    if (record.offsetDelta !== index) {
      errors.push({ batchIndex, message: `Inner record offset ${record.offsetDelta} is not sequential.` })
    } else if (config.compacts && record.key === null) {
      errors.push({ batchIndex, message: 'Compacted topic cannot accept message without key.' })
    } else if (isOutOfTime(timestampMs, options.nowMs, config)) {
      hasBadTime = true
      errors.push({ batchIndex, message: `Timestamp ${timestampMs} of message is out of range.` })
    }
    largest = Math.max(largest, timestampMs)
    index++
    return true
  })
  if (fault !== null) return refuse(ErrorCode.INVALID_RECORD, fault)
  if (errors.length > 0) {
    const code = hasBadTime ? ErrorCode.INVALID_TIMESTAMP : ErrorCode.INVALID_RECORD
    return refuse(
      code,
      `One or more records have been rejected due to ${errors.length} record errors in total`,
      errors,
    )
  }
  if (largest !== maxTimestamp(records, position)) {
    writeTimestamp(records, largest, position + MAX_TIMESTAMP)
    refreshCrc(records, position)
    facts.maxTimestampMs = largest
  }
  return null
}

function isOutOfTime(timestampMs: number, nowMs: number, config: LogConfig): boolean {
  if (config.timestampType === 'LogAppendTime') return false
  return nowMs - timestampMs > config.timestampBeforeMaxMs || timestampMs - nowMs > config.timestampAfterMaxMs
}

/** The batch at `position`, packed anew with the topic's own codec. */
export function recompressed(records: Buffer, position: number, config: LogConfig): Buffer | AppendFailure {
  const payload = payloadOf(records, position)
  if (!payload.ok) return payloadFailure(payload)
  const codec = config.compression === 'producer' ? 'none' : config.compression
  const packed = compress(codec, payload.bytes, config.compressionLevel ?? undefined)
  const batch = Buffer.allocUnsafe(BATCH_HEADER_BYTES + packed.length)
  records.copy(batch, 0, position, position + BATCH_HEADER_BYTES)
  packed.copy(batch, BATCH_HEADER_BYTES)
  const otherBits = attributes(batch, 0) & ~COMPRESSION_MASK
  batch.writeInt16BE(otherBits | codeOfCodec(codec), ATTRIBUTES)
  batch.writeInt32BE(batch.length - BATCH_OVERHEAD_BYTES, BATCH_LENGTH)
  refreshCrc(batch, 0)
  return batch
}
