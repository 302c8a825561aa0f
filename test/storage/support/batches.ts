/**
 * Record batches for storage tests, built by hand so that the tests do not depend on what they check.
 */
import { crc32c } from '../../../src/protocol/records/crc32c.ts'

export interface TestRecord {
  readonly key?: string | null
  readonly value?: string | null
  readonly timestampDelta?: number
}

export interface TestBatch {
  readonly baseOffset?: number
  readonly leaderEpoch?: number
  readonly baseTimestamp?: number
  readonly maxTimestamp?: number
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly attributes?: number
  readonly recordCount?: number
  readonly lastOffsetDelta?: number
  readonly records?: readonly TestRecord[]
  /** Offset deltas of the records, when compaction left gaps. */
  readonly offsetDeltas?: readonly number[]
}

function varint(value: number): Buffer {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  const bytes: number[] = []
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

function bytesOf(text: string | null | undefined): Buffer {
  if (text === null || text === undefined) return varint(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length), bytes])
}

function encodeRecord(record: TestRecord, offsetDelta: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(record.timestampDelta ?? 0),
    varint(offsetDelta),
    bytesOf(record.key),
    bytesOf(record.value),
    varint(0),
  ])
  return Buffer.concat([varint(body.length), body])
}

/** Wraps an encoded body of records (compressed or not) into a batch with a right checksum. */
export function wrapBatch(
  batch: TestBatch,
  body: Buffer,
  recordCount: number,
  lastOffsetDelta: number,
): Buffer {
  const bytes = Buffer.alloc(61 + body.length)
  const baseTimestamp = batch.baseTimestamp ?? 1_000
  bytes.writeBigInt64BE(BigInt(batch.baseOffset ?? 0), 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt32BE(batch.leaderEpoch ?? -1, 12)
  bytes.writeInt8(2, 16)
  bytes.writeInt16BE(batch.attributes ?? 0, 21)
  bytes.writeInt32BE(lastOffsetDelta, 23)
  bytes.writeBigInt64BE(BigInt(baseTimestamp), 27)
  bytes.writeBigInt64BE(BigInt(batch.maxTimestamp ?? baseTimestamp), 35)
  bytes.writeBigInt64BE(batch.producerId ?? -1n, 43)
  bytes.writeInt16BE(batch.producerEpoch ?? -1, 51)
  bytes.writeInt32BE(batch.baseSequence ?? -1, 53)
  bytes.writeInt32BE(recordCount, 57)
  body.copy(bytes, 61)
  bytes.writeUInt32BE(crc32c(bytes, 21, bytes.length), 17)
  return bytes
}

export function testBatch(batch: TestBatch = {}): Buffer {
  const records = batch.records ?? [{ key: 'k', value: 'v' }]
  const body = Buffer.concat(
    records.map((record, index) => encodeRecord(record, batch.offsetDeltas?.[index] ?? index)),
  )
  const maxDelta = Math.max(0, ...records.map((record) => record.timestampDelta ?? 0))
  const withTime = { maxTimestamp: (batch.baseTimestamp ?? 1_000) + maxDelta, ...batch }
  const lastOffsetDelta = batch.lastOffsetDelta ?? Math.max(0, records.length - 1)
  return wrapBatch(withTime, body, batch.recordCount ?? records.length, lastOffsetDelta)
}

/** A batch of `recordCount` records whose values together make it about `sizeBytes` long. */
export function sizedBatch(sizeBytes: number, batch: TestBatch = {}): Buffer {
  return testBatch({ ...batch, records: [{ key: null, value: 'x'.repeat(Math.max(0, sizeBytes - 72)) }] })
}

/** A transaction marker as the coordinator appends it. */
export function markerBatch(marker: {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly commits: boolean
  readonly coordinatorEpoch?: number
  readonly timestamp?: number
}): Buffer {
  const key = Buffer.from([0, 0, 0, marker.commits ? 1 : 0])
  const value = Buffer.alloc(6)
  value.writeInt32BE(marker.coordinatorEpoch ?? 0, 2)
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(0),
    varint(0),
    varint(key.length),
    key,
    varint(value.length),
    value,
    varint(0),
  ])
  const record = Buffer.concat([varint(body.length), body])
  const header: TestBatch = {
    baseTimestamp: marker.timestamp ?? 1_000,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    attributes: 0x30,
  }
  return wrapBatch(header, record, 1, 0)
}
