/**
 * Prebuilt request frames of the versions that kafkajs speaks, written by hand: the load generator must not
 * share a line with the codecs that it measures.
 */
import { crc32c } from '@node-rs/crc32'

const CLIENT_ID = 'bench'
const BATCH_HEADER_BYTES = 61

function string(text: string): Buffer {
  const buffer = Buffer.alloc(2 + text.length)
  buffer.writeInt16BE(text.length)
  buffer.write(text, 2, 'latin1')
  return buffer
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

function int64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64BE(value)
  return buffer
}

/** A frame with its size; the correlation id stands at byte 8. */
function frame(apiKey: number, apiVersion: number, body: readonly Buffer[]): Buffer {
  const rest = Buffer.concat([int16(apiKey), int16(apiVersion), int32(0), string(CLIENT_ID), ...body])
  return Buffer.concat([int32(rest.length), rest])
}

export function setCorrelationId(bytes: Buffer, correlationId: number): void {
  bytes.writeInt32BE(correlationId, 8)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = (value << 1) ^ (value >> 31)
  while ((rest & ~0x7f) !== 0) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** An uncompressed batch of `sizeBytes` (about) with records of up to 1 KiB. */
export function batch(sizeBytes: number, timestampMs: number): Buffer {
  const records: Buffer[] = []
  let total = BATCH_HEADER_BYTES
  while (total < sizeBytes - 20) {
    const value = Buffer.alloc(Math.max(1, Math.min(1_024, sizeBytes - total - 14)), 'v')
    const body = Buffer.concat([
      int16(0).subarray(0, 1),
      varint(0),
      varint(records.length),
      varint(-1),
      varint(value.length),
      value,
      varint(0),
    ])
    const record = Buffer.concat([varint(body.length), body])
    records.push(record)
    total += record.length
  }
  const payload = Buffer.concat(records)
  const crcCovered = Buffer.concat([
    int16(0),
    int32(records.length - 1),
    int64(BigInt(timestampMs)),
    int64(BigInt(timestampMs)),
    int64(-1n),
    int16(-1),
    int32(-1),
    int32(records.length),
    payload,
  ])
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32c(crcCovered))
  return Buffer.concat([
    int64(0n),
    int32(4 + 1 + 4 + crcCovered.length),
    int32(-1),
    Buffer.from([2]),
    crc,
    crcCovered,
  ])
}

/** Produce, version 7. */
export function produceFrame(topic: string, partition: number, acks: number, records: Buffer): Buffer {
  return frame(0, 7, [
    int16(-1),
    int16(acks),
    int32(30_000),
    int32(1),
    string(topic),
    int32(1),
    int32(partition),
    int32(records.length),
    records,
  ])
}

/** The error code of the one partition in a Produce 7 answer without its size. */
export function produceErrorCode(answer: Buffer): number {
  const topicAt = 4 + 4
  return answer.readInt16BE(topicAt + 2 + answer.readInt16BE(topicAt) + 4 + 4)
}

/** Fetch, version 11, without a session. */
export function fetchFrame(
  topic: string,
  partition: number,
  offset: bigint,
  maxBytes: number,
  maxWaitMs: number,
): Buffer {
  return frame(1, 11, [
    int32(-1),
    int32(maxWaitMs),
    int32(1),
    int32(maxBytes),
    Buffer.from([0]),
    int32(0),
    int32(-1),
    int32(1),
    string(topic),
    int32(1),
    int32(partition),
    int32(-1),
    int64(offset),
    int64(-1n),
    int32(maxBytes),
    int32(0),
    string(''),
  ])
}

/** Metadata, version 4, for one topic that is made when missing. */
export function metadataFrame(topic: string): Buffer {
  return frame(3, 4, [int32(1), string(topic), Buffer.from([1])])
}

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly configs?: Readonly<Record<string, string>>
  /** Brokers of every partition, the leader first; without them one replica, anywhere. */
  readonly replicas?: readonly number[]
}

function assignments({ partitions, replicas }: NewTopic): Buffer[] {
  if (replicas === undefined) return [int32(partitions), int16(1), int32(0)]
  const each = Array.from({ length: partitions }, (_, index) => [
    int32(index),
    int32(replicas.length),
    ...replicas.map(int32),
  ])
  return [int32(-1), int16(-1), int32(partitions), ...each.flat()]
}

/** CreateTopics, version 2. */
export function createTopicsFrame(topics: readonly NewTopic[]): Buffer {
  const body = topics.flatMap((topic) => [
    string(topic.name),
    ...assignments(topic),
    int32(Object.keys(topic.configs ?? {}).length),
    ...Object.entries(topic.configs ?? {}).flatMap(([name, value]) => [string(name), string(value)]),
  ])
  return frame(19, 2, [int32(topics.length), ...body, int32(60_000), Buffer.from([0])])
}

/** DeleteTopics, version 1. */
export function deleteTopicFrame(topic: string): Buffer {
  return frame(20, 1, [int32(1), string(topic), int32(30_000)])
}
