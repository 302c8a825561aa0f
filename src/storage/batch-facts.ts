/**
 * What the log has to know of one batch besides its bytes: read once from the header, passed along from
 * validation to the file, the indexes and the producers.
 */
import {
  baseOffset,
  baseSequence,
  batchSizeBytes,
  hasProducerId,
  isControl,
  isTransactional,
  lastOffsetDelta,
  leaderEpoch,
  maxTimestamp,
  producerEpoch,
  producerId,
  recordCount,
} from '../protocol/records/batch.ts'
import type { ProducerBatch } from './producer-entry.ts'

export interface BatchFacts extends ProducerBatch {
  /** Of the first byte, in the buffer or file at hand. */
  readonly position: number
  readonly sizeBytes: number
  baseOffset: number
  leaderEpoch: number
  readonly recordCount: number
  readonly isControl: boolean
  /** False when `producerId` is -1. */
  readonly hasProducer: boolean
  maxTimestampMs: number
}

const NO_PRODUCER = -1n

/** Reads the header at `position`; the caller has checked that it is whole. */
export function readBatchFacts(buffer: Buffer, position: number): BatchFacts {
  const hasProducer = hasProducerId(buffer, position)
  return {
    position,
    sizeBytes: batchSizeBytes(buffer, position),
    baseOffset: baseOffset(buffer, position),
    leaderEpoch: leaderEpoch(buffer, position),
    recordCount: recordCount(buffer, position),
    lastOffsetDelta: lastOffsetDelta(buffer, position),
    maxTimestampMs: maxTimestamp(buffer, position),
    isControl: isControl(buffer, position),
    isTransactional: isTransactional(buffer, position),
    hasProducer,
    producerId: hasProducer ? producerId(buffer, position) : NO_PRODUCER,
    producerEpoch: hasProducer ? producerEpoch(buffer, position) : -1,
    baseSequence: hasProducer ? baseSequence(buffer, position) : -1,
  }
}

/** The offset after the batch. */
export function nextOffsetOf(facts: BatchFacts): number {
  return facts.baseOffset + facts.lastOffsetDelta + 1
}
