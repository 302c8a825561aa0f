import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { refreshCrc } from '../../src/protocol/records/batch.ts'
import { payloadOf, visitRecords } from '../../src/storage/batch-records.ts'
import { sizedBatch, testBatch, wrapBatch } from './support/batches.ts'
import { TestWorld } from './support/world.ts'

const NOW = 1_700_000_000_000
const HOUR = 3_600_000

/** A batch whose bytes were changed and whose checksum fits again. */
function doctored(change: (batch: Buffer) => void): Buffer {
  const batch = testBatch({ records: [{ value: 'a' }, { value: 'b' }] })
  change(batch)
  refreshCrc(batch, 0)
  return batch
}

describe('what a client may append', () => {
  it('refuses what is no sequence of whole batches, and appends nothing', () => {
    const world = new TestWorld()
    const log = world.create()
    const good = testBatch()
    const flipped = Buffer.from(good)
    flipped[65] = (flipped[65] ?? 0) ^ 1
    const cases: ReadonlyArray<readonly [string, Buffer, number]> = [
      ['nothing', Buffer.alloc(0), 87],
      ['less than a header', good.subarray(0, 60), 2],
      ['a cut batch', good.subarray(0, good.length - 1), 2],
      ['a second batch that is cut', Buffer.concat([good, good.subarray(0, 30)]), 2],
      ['a size below the header', doctored((batch) => batch.writeInt32BE(10, 8)), 2],
      ['a negative size', doctored((batch) => batch.writeInt32BE(-50, 8)), 2],
      ['a wrong checksum', flipped, 2],
      ['an old magic', doctored((batch) => batch.writeInt8(1, 16)), 43],
      ['no records', testBatch({ recordCount: 0 }), 87],
      ['fewer records than offsets', testBatch({ lastOffsetDelta: 5 }), 87],
      ['more records than offsets', testBatch({ recordCount: 9 }), 87],
      [
        'a control batch',
        testBatch({ attributes: 0x20, producerId: 1n, producerEpoch: 0, baseSequence: 0 }),
        87,
      ],
      ['a base offset', testBatch({ baseOffset: 5 }), 87],
      ['a producer without a sequence', testBatch({ producerId: 1n, producerEpoch: 0 }), 87],
      ['a transaction without a producer', testBatch({ attributes: 0x10 }), 87],
      ['a delete horizon', testBatch({ attributes: 0x40 }), 87],
      ['an unknown codec', testBatch({ attributes: 5 }), 76],
      [
        'more records than can be unpacked',
        testBatch({ attributes: 1, recordCount: 2 ** 30, lastOffsetDelta: 2 ** 30 - 1 }),
        87,
      ],
      ['more records than bytes', testBatch({ recordCount: 1_000, lastOffsetDelta: 999 }), 87],
      ['noise instead of records', wrapBatch({}, Buffer.alloc(20, 0xff), 2, 1), 87],
      ['LogAppendTime set by the client', testBatch({ attributes: 8 }), 32],
    ]
    for (const [name, batch, errorCode] of cases) {
      let released = 0
      const outcome = world.append(log, batch, { released: () => released++ })
      expect(outcome, name).toMatchObject({ ok: false, errorCode })
      expect(released, name).toBe(1)
    }
    expect(log.logEndOffset).toBe(0)
    expect(world.append(log, Buffer.concat([good, good]))).toMatchObject({
      ok: true,
      baseOffset: 0,
      lastOffset: 1,
    })
  })

  it('bounds the size of a batch', () => {
    const world = new TestWorld()
    const log = world.create({ maxMessageBytes: 500 })
    expect(world.append(log, sizedBatch(503))).toMatchObject({ ok: false, errorCode: 10 })
    expect(world.append(log, sizedBatch(450))).toMatchObject({ ok: true })
  })

  it('bounds timestamps, by default an hour into the future', () => {
    const world = new TestWorld()
    const log = world.create({ timestampAfterMaxMs: HOUR })
    const at = (baseTimestamp: number): unknown => world.append(log, testBatch({ baseTimestamp }))
    expect(at(NOW + HOUR)).toMatchObject({ ok: true })
    expect(at(NOW + HOUR + 1)).toMatchObject({ ok: false, errorCode: 32, recordErrors: [{ batchIndex: 0 }] })
    expect(at(1)).toMatchObject({ ok: true })
    log.updateConfig({ ...log.config, timestampBeforeMaxMs: HOUR })
    const records = [{ value: 'a' }, { value: 'b', timestampDelta: -2 }]
    expect(world.append(log, testBatch({ baseTimestamp: NOW - HOUR + 1, records }))).toMatchObject({
      ok: false,
      errorCode: 32,
      recordErrors: [{ batchIndex: 1 }],
    })
  })

  it('observed 23: LogAppendTime replaces client times, whatever they were', () => {
    const world = new TestWorld()
    const log = world.create({ timestampType: 'LogAppendTime', timestampAfterMaxMs: HOUR })
    const outcome = world.append(
      log,
      testBatch({ baseTimestamp: NOW * 2, records: [{ value: 'a' }, { value: 'b' }] }),
    )
    expect(outcome).toMatchObject({ ok: true, logAppendTimeMs: NOW })
    world.settle()
    const bytes = world.content('00000000000000000000.log')
    expect([bytes.readInt16BE(21), Number(bytes.readBigInt64BE(35))]).toEqual([8, NOW])
    world.die()
    expect(world.open({ recoveryPoint: 0 }).logEndOffset).toBe(2)
  })

  it('observed 23: a record without a key on a compacted topic is refused by its index', () => {
    const world = new TestWorld()
    const log = world.create({ compacts: true })
    const keyless = { value: 'v' }
    const keyed = { key: 'k', value: 'v' }
    const batch = Buffer.concat([
      testBatch({ records: [keyed, keyless, keyed] }),
      testBatch({ records: [keyless, keyed] }),
    ])
    expect(world.append(log, batch)).toMatchObject({
      ok: false,
      errorCode: 87,
      recordErrors: [{ batchIndex: 1 }],
    })
    const second = Buffer.concat([
      testBatch({ records: [keyed, keyed] }),
      testBatch({ records: [keyed, keyless] }),
    ])
    expect(world.append(log, second)).toMatchObject({ ok: false, recordErrors: [{ batchIndex: 3 }] })
    expect(world.append(log, testBatch({ records: [keyed, keyed] }))).toMatchObject({
      ok: true,
      baseOffset: 0,
    })
    expect(world.append(log, testBatch({ records: [keyless] }), { origin: 'coordinator' })).toMatchObject({
      ok: true,
    })
  })

  it('looks into compressed batches of a compacted topic, within a bound', () => {
    const world = new TestWorld()
    const log = world.create({ compacts: true, maxMessageBytes: 10_000_000 })
    const plain = testBatch({ records: [{ key: 'k', value: 'v' }, { value: 'keyless' }] })
    const packed = wrapBatch({ attributes: 1 }, gzipSync(plain.subarray(61)), 2, 1)
    expect(world.append(log, packed)).toMatchObject({
      ok: false,
      errorCode: 87,
      recordErrors: [{ batchIndex: 1 }],
    })
    const bomb = wrapBatch({ attributes: 1 }, gzipSync(Buffer.alloc(80_000_000)), 1, 0)
    expect(world.append(log, bomb)).toMatchObject({ ok: false, errorCode: 10 })
    expect(
      world.append(log, wrapBatch({ attributes: 1 }, Buffer.from('no gzip at all'), 1, 0)),
    ).toMatchObject({
      ok: false,
      errorCode: 2,
    })
    const gaps = testBatch({ records: [{ key: 'a' }, { key: 'b' }], offsetDeltas: [0, 7] })
    expect(world.append(log, gaps)).toMatchObject({ ok: false, errorCode: 87 })
  })

  it('observed 23: another compression type than the producer’s recompresses', () => {
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const world = new TestWorld()
      const log = world.create({ compression })
      const records = Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: 'v'.repeat(20) }))
      let released = 0
      const sent = wrapBatch({ attributes: 1 }, gzipSync(testBatch({ records }).subarray(61)), 50, 49)
      const outcome = world.append(log, sent, { released: () => released++ })
      expect(outcome).toMatchObject({ ok: true, baseOffset: 0, lastOffset: 49 })
      expect(released).toBe(compression === 'gzip' ? 0 : 1)
      world.settle()
      const bytes = world.content('00000000000000000000.log')
      expect(bytes.readInt16BE(21)).toBe(['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(compression))
      const payload = payloadOf(bytes, 0)
      const keys: string[] = []
      if (!payload.ok) throw new Error(payload.error)
      visitRecords(bytes, 0, payload.bytes, ({ record }) => keys.push(String(record.key)) > 0)
      expect(keys).toEqual(records.map((record) => record.key))
      world.die()
      expect(world.open({ recoveryPoint: 0 }).logEndOffset).toBe(50)
    }
  })
})

describe('what a replica copies', () => {
  it('makes it forget an epoch in which it was to lead, and that left nothing here', () => {
    const world = new TestWorld()
    const log = world.create()
    log.assignLeaderEpoch(3)
    const copied = Buffer.concat([
      testBatch({ baseOffset: 0, leaderEpoch: 0 }),
      testBatch({ baseOffset: 1, leaderEpoch: 2 }),
    ])
    expect(world.append(log, copied, { origin: 'replica', leaderEpoch: 5 })).toMatchObject({ ok: true })
    expect(log.endOffsetForLeaderEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 1 })
    expect(log.latestLeaderEpoch).toBe(2)
  })

  it('keeps offsets and epochs, gaps included, and leaves away a cut batch and later epochs', () => {
    const world = new TestWorld()
    const log = world.create()
    const one = testBatch({ baseOffset: 5, leaderEpoch: 2 })
    const two = testBatch({ baseOffset: 9, leaderEpoch: 3 })
    const three = testBatch({ baseOffset: 10, leaderEpoch: 7 })
    const cut = Buffer.concat([one, two.subarray(0, 40)])
    expect(world.append(log, cut, { origin: 'replica', leaderEpoch: 3 })).toMatchObject({
      ok: true,
      baseOffset: 5,
      lastOffset: 5,
    })
    const both = Buffer.concat([two, three])
    expect(world.append(log, both, { origin: 'replica', leaderEpoch: 3 })).toMatchObject({
      ok: true,
      lastOffset: 9,
    })
    expect(log.logEndOffset).toBe(10)
    world.settle()
    expect(world.offsets(log, 0)).toEqual([5, 9])
    expect(log.endOffsetForLeaderEpoch(2)).toEqual({ leaderEpoch: 2, endOffset: 9 })
    expect(log.latestLeaderEpoch).toBe(3)
    expect(world.append(log, one, { origin: 'replica', leaderEpoch: 3 })).toMatchObject({
      ok: false,
      errorCode: 1,
    })
    const bad = Buffer.from(three)
    bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1
    expect(world.append(log, bad, { origin: 'replica', leaderEpoch: 9 })).toMatchObject({
      ok: false,
      errorCode: 2,
    })
    let released = 0
    const nothing = { origin: 'replica', leaderEpoch: 3, released: () => released++ } as const
    expect(world.append(log, three, nothing)).toMatchObject({ ok: true, recordCount: 0 })
    expect(released).toBe(1)
  })
})
