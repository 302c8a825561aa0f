/** Batches that we build, and batches patched in place, are read back as they should be. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  baseOffset,
  batchSizeBytes,
  hasLogAppendTime,
  isControl,
  isCrcValid,
  isTransactional,
  lastOffset,
  leaderEpoch,
  maxTimestamp,
  producerId,
  recordCount,
  setBaseOffset,
  setLeaderEpoch,
  setLogAppendTime,
} from '../../../src/protocol/records/batch.ts'
import { readBatchHeader, sequenceAt, validateBatch } from '../../../src/protocol/records/batch-header.ts'
import { buildBatch, encodeRecords, rebuildBatch } from '../../../src/protocol/records/builder.ts'
import { encodeControlRecord } from '../../../src/protocol/records/control.ts'
import { decodeRecords } from '../../../src/protocol/records/record.ts'
import { batchPayload, readBatchRecords, readRecordSet } from '../../../src/protocol/records/record-set.ts'

const MiB = 2 ** 20
const bytes = fc.option(fc.uint8Array({ maxLength: 200 }).map((content) => Buffer.from(content)))
const records = fc.array(
  fc.record({
    key: bytes,
    value: bytes,
    timestampMs: fc.oneof(fc.integer({ min: -1, max: 4_102_444_800_000 }), fc.constant(0)),
    headers: fc.array(fc.record({ key: fc.string({ maxLength: 8 }), value: bytes }), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 20 },
)

test('what is built is read back, with every codec', () => {
  fc.assert(
    fc.property(records, fc.constantFrom('none', 'gzip', 'snappy', 'lz4', 'zstd'), (wanted, compression) => {
      const batch = buildBatch(wanted, {
        baseOffset: 1000,
        compression,
        producerId: 9n,
        baseSequence: 2 ** 31 - 2,
      })
      expect(validateBatch(batch, 0, batch.length)).toBeNull()
      const read = readBatchRecords(batch, 0, MiB)
      if (!read.ok) throw new Error(read.error.message)
      expect(read.position).toBe(batch.length)
      const back = read.value.map(({ key, value, timestamp, headers }) => ({
        key,
        value,
        timestampMs: Number(timestamp),
        headers,
      }))
      expect(back).toEqual(wanted)
      expect(read.value.map(({ offset }) => offset)).toEqual(wanted.map((_, index) => BigInt(1000 + index)))
      expect(read.value.slice(0, 3).map(({ sequence }) => sequence)).toEqual(
        [2 ** 31 - 2, 2 ** 31 - 1, 0].slice(0, Math.min(3, wanted.length)),
      )
      expect(maxTimestamp(batch, 0)).toBe(Math.max(...wanted.map(({ timestampMs }) => timestampMs)))
    }),
    { numRuns: 200 },
  )
})

describe('in place', () => {
  const original = buildBatch([
    { key: null, value: Buffer.from('one'), timestampMs: 1000 },
    { key: Buffer.alloc(0), value: null, timestampMs: 999 },
  ])

  test('base offset and leader epoch change without the checksum', () => {
    for (const offset of [0, 1, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER - 10]) {
      const batch = Buffer.from(original)
      setBaseOffset(batch, 0, offset)
      setLeaderEpoch(batch, 0, 77)
      expect(baseOffset(batch, 0)).toBe(offset)
      expect(lastOffset(batch, 0)).toBe(offset + 1)
      expect(leaderEpoch(batch, 0)).toBe(77)
      expect(isCrcValid(batch, 0)).toBe(true)
      expect(readBatchHeader(batch, 0).baseOffset).toBe(BigInt(offset))
    }
  })

  test('the time of the append is that of every record, and the checksum is right again', () => {
    const batch = Buffer.concat([Buffer.alloc(3), original])
    setLogAppendTime(batch, 3, 1_700_000_000_123)
    expect(hasLogAppendTime(batch, 3)).toBe(true)
    expect(isCrcValid(batch, 3)).toBe(true)
    const read = readBatchRecords(batch, 3, MiB)
    expect(read.ok && read.value.map(({ timestamp }) => timestamp)).toEqual([
      1_700_000_000_123n,
      1_700_000_000_123n,
    ])
  })
})

test('compaction may take records out, all of them too, and the batch keeps its place', () => {
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const batch = buildBatch(
      ['a', 'b', 'c'].map((text) => ({ key: Buffer.from(text), value: Buffer.from(text), timestampMs: 5 })),
      {
        baseOffset: 40,
        compression,
        isTransactional: true,
        producerId: 3n,
        producerEpoch: 1,
        baseSequence: 0,
      },
    )
    const header = readBatchHeader(batch, 0)
    const payload = batchPayload(batch, 0, MiB)
    const all = payload.ok ? decodeRecords(payload.value, recordCount(batch, 0)) : payload
    if (!all.ok) throw new Error(all.error.message)
    const kept = rebuildBatch(header, all.value.slice(1, 2), compression)
    const empty = rebuildBatch(header, [], compression)
    const set = readRecordSet(Buffer.concat([kept, empty]), MiB)
    if (!set.ok) throw new Error(set.error.message)
    expect(set.value.batches.map(({ records }) => records?.map(({ offset }) => offset))).toEqual([[41n], []])
    for (const rebuilt of [kept, empty]) {
      expect(baseOffset(rebuilt, 0)).toBe(40)
      expect(lastOffset(rebuilt, 0)).toBe(42)
      expect(isTransactional(rebuilt, 0)).toBe(true)
      expect(producerId(rebuilt, 0)).toBe(3n)
      expect(validateBatch(rebuilt, 0, rebuilt.length)).toBeNull()
    }
    expect(batchSizeBytes(empty, 0)).toBe(61)
  }
})

test('a batch of control records', () => {
  const { key, value } = encodeControlRecord({ type: 'commit', value: { coordinatorEpoch: 4 } })
  const batch = buildBatch([{ key, value, timestampMs: 1 }], {
    isControl: true,
    isTransactional: true,
    producerId: 1n,
  })
  expect([isControl(batch, 0), isTransactional(batch, 0)]).toEqual([true, true])
})

test('records fill exactly the bytes that were counted for them', () => {
  const record = {
    offsetDelta: 2 ** 31 - 1,
    timestampDelta: -(2n ** 63n),
    key: null,
    value: null,
    headers: [],
  }
  const payload = encodeRecords([record])
  expect(decodeRecords(payload, 1)).toMatchObject({ ok: true, value: [record] })
})

test('sequences wrap to zero behind 2^31-1', () => {
  expect(sequenceAt(2 ** 31 - 1, 1)).toBe(0)
  expect(sequenceAt(5, 3)).toBe(8)
  expect(sequenceAt(-1, 3)).toBe(-1)
})

test('a packed batch that unpacks beyond the bound is an error', () => {
  const batch = buildBatch([{ key: null, value: Buffer.alloc(MiB), timestampMs: 0 }], { compression: 'zstd' })
  expect(readBatchRecords(batch, 0, MiB / 2)).toMatchObject({ ok: false, error: { reason: 'compression' } })
})
