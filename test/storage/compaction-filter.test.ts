import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { refreshCrc } from '../../src/protocol/records/batch.ts'
import { type BatchFate, filterBatch } from '../../src/storage/compaction-filter.ts'
import { testBatch } from './support/batches.ts'

interface Vector {
  readonly api: string
  readonly hex: string
  readonly batches: ReadonlyArray<{ readonly codec: string; readonly attributes: number }>
}

const vectors: Vector[] = gunzipSync(
  readFileSync(join(import.meta.dirname, '../golden/record-batches.jsonl.gz')),
)
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))

/** Kafka's uncompressed batch of that name. */
function kafkas(name: string): Buffer {
  const found = vectors.find((vector) => vector.api === name && vector.batches[0]?.codec === 'none')
  if (found === undefined) throw new Error(`no vector ${name}`)
  return Buffer.from(found.hex, 'hex')
}

/** The batch that Kafka's cleaner was given for the `compacted-…` vectors, made from the one of many records. */
function original(): Buffer {
  const bytes = kafkas('many-records')
  bytes.writeBigInt64BE(500n, 0)
  bytes.writeInt32BE(4, 12)
  bytes.writeInt16BE(16, 21)
  bytes.writeBigInt64BE(7n, 43)
  bytes.writeInt16BE(1, 51)
  bytes.writeInt32BE(30, 53)
  refreshCrc(bytes, 0)
  return bytes
}

function fate(change: Partial<BatchFate>): BatchFate {
  return {
    discardsRecords: false,
    keepsEmpty: false,
    isEmptyMarker: false,
    isControl: false,
    keepsRecord: () => true,
    deleteHorizonMs: 1_700_003_601_123,
    ...change,
  }
}

describe('what compaction leaves of a batch', () => {
  it('is byte for byte what Kafka leaves: gaps, a lost last record, nothing but the header', () => {
    const keeping = (...offsets: number[]): BatchFate =>
      fate({ keepsEmpty: true, keepsRecord: ({ offset }) => offsets.includes(offset), deleteHorizonMs: 0 })
    const results: ReadonlyArray<readonly [string, BatchFate]> = [
      ['compacted-gaps', keeping(501, 503)],
      ['compacted-last-removed', keeping(500, 501)],
      ['compacted-all-removed-but-retained', keeping()],
    ]
    for (const [name, wish] of results) {
      const filtered = filterBatch(original(), 0, wish)
      expect(filtered.kind, name).toBe('replace')
      if (filtered.kind === 'replace')
        expect(filtered.bytes.toString('hex'), name).toBe(kafkas(name).toString('hex'))
    }
  })

  it('gives a batch with a tombstone its delete horizon, as Kafka does, and leaves the next pass nothing to do', () => {
    const theirs = kafkas('compacted-tombstone-horizon')
    const before = testBatch({
      baseOffset: 600,
      baseTimestamp: 1_700_000_000_123,
      records: [
        { key: 'a', value: null },
        { key: 'b', value: 'kept', timestampDelta: 9 },
        { key: 'c', value: 'gone', timestampDelta: 10 },
      ],
    })
    const first = filterBatch(before, 0, fate({ keepsRecord: ({ offset }) => offset < 602 }))
    if (first.kind !== 'replace') throw new Error(first.kind)
    expect(first.bytes.toString('hex')).toBe(theirs.toString('hex'))
    const again = filterBatch(theirs, 0, fate({}))
    expect(again.kind).toBe('keep')
    const dropped = filterBatch(theirs, 0, fate({ keepsRecord: ({ record }) => record.value !== null }))
    expect(dropped.kind).toBe('replace')
    if (dropped.kind !== 'replace') return
    // The horizon stays as the base timestamp although no tombstone is left.
    expect(dropped.bytes.readBigInt64BE(27)).toBe(1_700_003_601_123n)
    expect(dropped.bytes.readInt32BE(57)).toBe(1)
  })

  it('drops what has no record left and no reason to stay', () => {
    expect(filterBatch(original(), 0, fate({ keepsRecord: () => false })).kind).toBe('drop')
    expect(filterBatch(original(), 0, fate({ discardsRecords: true })).kind).toBe('drop')
    const empty = kafkas('compacted-all-removed-but-retained')
    expect(filterBatch(empty, 0, fate({})).kind).toBe('drop')
    expect(filterBatch(empty, 0, fate({ keepsEmpty: true })).kind).toBe('keep')
  })

  it('keeps the codec, whichever it is', () => {
    for (const codec of ['gzip', 'lz4']) {
      const packed = vectors.find(
        (vector) => vector.api === 'compacted-gaps' && vector.batches[0]?.codec === codec,
      )
      if (packed === undefined) throw new Error(`no ${codec} vector`)
      const batch = Buffer.from(packed.hex, 'hex')
      const filtered = filterBatch(batch, 0, fate({ keepsRecord: ({ offset }) => offset === 503 }))
      if (filtered.kind !== 'replace') throw new Error(`${codec}: ${filtered.kind}`)
      expect(filtered.bytes.readInt16BE(21)).toBe(batch.readInt16BE(21))
      const seen: number[] = []
      const again = filterBatch(
        filtered.bytes,
        0,
        fate({ keepsRecord: ({ offset }) => seen.push(offset) > 0 }),
      )
      expect(again.kind).toBe('keep')
      expect(seen).toEqual([503])
    }
  })
})
