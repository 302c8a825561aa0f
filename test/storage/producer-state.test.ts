import { describe, expect, it } from 'vitest'
import type { AppendOptions, AppendOutcome } from '../../src/storage/append-outcome.ts'
import type { Log } from '../../src/storage/log.ts'
import { sequenceAfter, sequenceBefore } from '../../src/storage/producer-entry.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../../src/storage/producer-snapshot.ts'
import { markerBatch, type TestBatch, testBatch } from './support/batches.ts'
import { TestWorld } from './support/world.ts'

const SEQUENCE_MAX = 2 ** 31 - 1

class Producer {
  readonly world = new TestWorld()
  log: Log
  constructor(config = {}) {
    this.log = this.world.create(config)
  }

  send(baseSequence: number, change: TestBatch = {}, options: Partial<AppendOptions> = {}): AppendOutcome {
    const batch = testBatch({ producerId: 7n, producerEpoch: 0, baseSequence, ...change })
    return this.world.append(this.log, batch, options)
  }

  end(
    commits: boolean,
    producerEpoch = 0,
    options: Partial<AppendOptions> = {},
    coordinatorEpoch = 0,
  ): AppendOutcome {
    const marker = markerBatch({ producerId: 7n, producerEpoch, commits, coordinatorEpoch })
    return this.world.append(this.log, marker, { origin: 'coordinator', ...options })
  }
}

const two = { records: [{ value: 'a' }, { value: 'b' }] }
const transactional = { attributes: 0x10 }

describe('idempotent producers', () => {
  it('trap 15: a repeated batch answers its original offsets, within a window of five', () => {
    const producer = new Producer()
    for (let i = 0; i < 7; i++)
      expect(producer.send(i * 2, two)).toMatchObject({ baseOffset: i * 2, duplicate: false })
    for (let i = 2; i < 7; i++) {
      let released = 0
      expect(producer.send(i * 2, two, { released: () => released++ })).toMatchObject({
        ok: true,
        baseOffset: i * 2,
        lastOffset: i * 2 + 1,
        duplicate: true,
      })
      expect(released).toBe(1)
    }
    expect(producer.send(2, two)).toMatchObject({ ok: false, errorCode: 45 })
    expect(producer.log.logEndOffset).toBe(14)
  })

  it('observed 10: a gap is out of order, a batch that only overlaps too, an unknown producer may begin anywhere', () => {
    const producer = new Producer()
    expect(producer.send(5)).toMatchObject({ ok: true })
    expect(producer.send(7)).toMatchObject({ ok: false, errorCode: 45 })
    expect(producer.send(5, two)).toMatchObject({ ok: false, errorCode: 45 })
    expect(producer.send(6)).toMatchObject({ ok: true, baseOffset: 1 })
  })

  it('fences older epochs, and lets a newer one begin at sequence 0 only', () => {
    const producer = new Producer()
    producer.send(0, { producerEpoch: 3 })
    expect(producer.send(1, { producerEpoch: 2 })).toMatchObject({ ok: false, errorCode: 47 })
    expect(producer.send(1, { producerEpoch: 4 })).toMatchObject({ ok: false, errorCode: 45 })
    expect(producer.send(0, { producerEpoch: 4 })).toMatchObject({ ok: true, duplicate: false })
    expect(producer.send(1, { producerEpoch: 3 })).toMatchObject({ ok: false, errorCode: 47 })
  })

  it('trap 15: sequences wrap at 2^31 - 1, inside a batch too', () => {
    expect(sequenceAfter(SEQUENCE_MAX - 1, 3)).toBe(1)
    expect(sequenceBefore(1, 3)).toBe(SEQUENCE_MAX - 1)
    expect(sequenceAfter(5, 0)).toBe(5)
    const producer = new Producer()
    expect(producer.send(SEQUENCE_MAX)).toMatchObject({ ok: true })
    expect(producer.send(0)).toMatchObject({ ok: true, baseOffset: 1 })
    const other = new Producer()
    const three = { records: [{ value: 'a' }, { value: 'b' }, { value: 'c' }] }
    expect(other.send(SEQUENCE_MAX - 1, three)).toMatchObject({ ok: true })
    expect(other.send(1)).toMatchObject({ ok: true, baseOffset: 3 })
    expect(other.send(SEQUENCE_MAX - 1, three)).toMatchObject({ duplicate: true, baseOffset: 0 })
  })

  it('several batches of one call count one after another, or none of them', () => {
    const producer = new Producer()
    const batch = (sequence: number): Buffer =>
      testBatch({ producerId: 7n, producerEpoch: 0, baseSequence: sequence })
    expect(producer.world.append(producer.log, Buffer.concat([batch(0), batch(2)]))).toMatchObject({
      errorCode: 45,
    })
    expect(producer.world.append(producer.log, Buffer.concat([batch(0), batch(1)]))).toMatchObject({
      ok: true,
    })
    expect(producer.send(2)).toMatchObject({ ok: true, baseOffset: 2 })
  })

  it('trap 15: the whole window survives a clean stop, a kill and a cut', () => {
    const producer = new Producer()
    const { world } = producer
    for (let i = 0; i < 8; i++) producer.send(i)
    world.settle()
    const check = (log: Log, last: number): void => {
      for (let sequence = last - 4; sequence <= last; sequence++) {
        const batch = testBatch({ producerId: 7n, producerEpoch: 0, baseSequence: sequence })
        expect(world.append(log, batch), `sequence ${sequence}`).toMatchObject({
          duplicate: true,
          baseOffset: sequence,
        })
      }
    }
    producer.log.close(() => {})
    world.settle()
    world.die()
    let log = world.open({ wasClean: true, recoveryPoint: 8 })
    check(log, 7)
    world.die()
    log = world.open({ recoveryPoint: 8 })
    check(log, 7)
    log.truncateTo(6, () => {})
    world.settle()
    check(log, 5)
    expect(world.append(log, testBatch({ producerId: 7n, producerEpoch: 0, baseSequence: 6 }))).toMatchObject(
      {
        duplicate: false,
        baseOffset: 6,
      },
    )
  })

  it('are forgotten after their expiration, but not with an open transaction', () => {
    const producer = new Producer({ producerIdExpirationMs: 1_000, verifiesTransactions: false })
    producer.send(0, { baseTimestamp: 5_000 })
    expect(producer.log.expireProducers(5_999)).toBe(0)
    expect(producer.log.expireProducers(6_000)).toBe(1)
    producer.send(41, { ...transactional, baseTimestamp: 5_000 })
    expect(producer.log.expireProducers(99_000)).toBe(0)
  })

  it('snapshots are void when torn, and a Kafka would read our last row of each producer', () => {
    const entry = {
      producerId: 7n,
      producerEpoch: 2,
      coordinatorEpoch: 5,
      lastTimestampMs: 1_700_000_000_123,
      transactionStartOffset: 40,
      batches: [0, 1, 2].map((i) => ({
        lastSequence: i,
        lastOffset: 40 + i,
        offsetDelta: 0,
        timestampMs: 100 + i,
      })),
    }
    const bytes = encodeProducerSnapshot([entry])
    expect(bytes.length).toBe(10 + 3 * 46)
    const [decoded] = decodeProducerSnapshot(bytes) ?? []
    expect(decoded?.batches.map((batch) => batch.lastSequence)).toEqual([0, 1, 2])
    expect(decoded).toMatchObject({ ...entry, batches: [{}, {}, { lastOffset: 42 }] })
    for (let size = 0; size < bytes.length; size++)
      expect(decodeProducerSnapshot(bytes.subarray(0, size))).toBeNull()
    bytes[30] = (bytes[30] ?? 0) ^ 1
    expect(decodeProducerSnapshot(bytes)).toBeNull()
  })
})

describe('transactions', () => {
  it('hold the last stable offset back until the marker is replicated', () => {
    const producer = new Producer({ verifiesTransactions: false })
    const { log, world } = producer
    world.append(log, testBatch())
    producer.send(0, transactional)
    world.append(log, testBatch())
    expect(log.hasOpenTransaction(7n, 0)).toBe(true)
    log.setHighWatermark(3)
    expect(log.lastStableOffset).toBe(1)
    expect(producer.end(true)).toMatchObject({ ok: true, baseOffset: 3 })
    expect(log.lastStableOffset).toBe(1)
    log.setHighWatermark(4)
    expect(log.lastStableOffset).toBe(4)
    expect(log.hasOpenTransaction(7n, 0)).toBe(false)
    expect(log.abortedTransactions(0, 10)).toEqual([])
  })

  it('that were aborted are told to readers of their range, over a restart and not over a cut', () => {
    const producer = new Producer({ verifiesTransactions: false })
    const { log, world } = producer
    producer.send(0, transactional)
    producer.send(1, transactional)
    producer.end(false)
    producer.send(2, transactional)
    producer.end(true)
    world.settle()
    const expected = [{ producerId: 7n, firstOffset: 0 }]
    expect(log.abortedTransactions(0, 5)).toEqual(expected)
    expect(log.abortedTransactions(2, 5)).toEqual(expected)
    expect(log.abortedTransactions(3, 5)).toEqual([])
    expect(world.files()).toContain('00000000000000000000.txnindex')
    world.die()
    const again = world.open({ recoveryPoint: 0 }, { verifiesTransactions: false })
    expect(again.abortedTransactions(0, 5)).toEqual(expected)
    expect(again.lastStableOffset).toBe(0)
    again.setHighWatermark(5)
    expect(again.lastStableOffset).toBe(5)
    again.truncateTo(2, () => {})
    world.settle()
    expect(again.abortedTransactions(0, 5)).toEqual([])
    expect(again.hasOpenTransaction(7n, 0)).toBe(true)
    expect(again.lastStableOffset).toBe(0)
  })

  it('trap 17: markers are fenced by coordinator and producer epoch', () => {
    const producer = new Producer({ verifiesTransactions: false })
    producer.send(0, transactional)
    expect(producer.end(true, 0, {}, 5)).toMatchObject({ ok: true })
    expect(producer.end(true, 0, {}, 4)).toMatchObject({ ok: false, errorCode: 52 })
    producer.send(1, { ...transactional, producerEpoch: 0 })
    expect(producer.end(true, -1)).toMatchObject({ ok: false, errorCode: 47 })
    expect(producer.end(true, 0, { transactionVersion: 2 }, 5)).toMatchObject({ ok: false, errorCode: 47 })
    expect(producer.end(true, 1, { transactionVersion: 2 }, 5)).toMatchObject({ ok: true })
  })

  it('observed 15: after a marker with a higher epoch the next transaction starts at sequence 0, and nothing old matches', () => {
    const producer = new Producer({ verifiesTransactions: false })
    producer.send(0, transactional)
    producer.end(false, 1, { transactionVersion: 2 })
    expect(producer.send(0, transactional)).toMatchObject({ ok: false, errorCode: 47 })
    expect(producer.send(1, { ...transactional, producerEpoch: 1 })).toMatchObject({
      ok: false,
      errorCode: 45,
    })
    expect(producer.send(0, { ...transactional, producerEpoch: 1 })).toMatchObject({
      ok: true,
      duplicate: false,
    })
  })

  it('refuse plain batches of their producer while they are open', () => {
    const producer = new Producer({ verifiesTransactions: false })
    producer.send(0, transactional)
    expect(producer.send(1)).toMatchObject({ ok: false, errorCode: 48 })
  })

  it('trap 17: begin only with the coordinator’s word, and an abort in between voids it', () => {
    const producer = new Producer()
    const { log } = producer
    expect(producer.send(0, transactional)).toMatchObject({ ok: false, errorCode: 48 })
    const guard = log.beginVerification(7n, 0, 0, true)
    expect(guard).not.toBeNull()
    expect(producer.send(1, transactional, { verificationGuard: guard })).toMatchObject({
      ok: false,
      errorCode: 45,
    })
    expect(producer.end(false)).toMatchObject({ ok: true })
    expect(producer.send(0, transactional, { verificationGuard: guard })).toMatchObject({
      ok: false,
      errorCode: 48,
    })
    const second = log.beginVerification(7n, 0, 0, true)
    expect(producer.send(0, transactional, { verificationGuard: second })).toMatchObject({ ok: true })
    expect(log.beginVerification(7n, 0, 1, true)).toBeNull()
    expect(producer.send(1, transactional)).toMatchObject({ ok: true })
    const coordinators = testBatch({ producerId: 8n, producerEpoch: 0, baseSequence: 0, ...transactional })
    expect(producer.world.append(log, coordinators, { origin: 'coordinator' })).toMatchObject({ ok: true })
  })

  it('go back with a write that failed: start, end and abort', () => {
    const producer = new Producer({ verifiesTransactions: false })
    const { log, world } = producer
    producer.send(0, transactional)
    world.settle()
    world.disk.capacityBytes = world.disk.usedBytes()
    producer.end(false)
    world.append(log, testBatch({ producerId: 9n, producerEpoch: 0, baseSequence: 0, ...transactional }), {
      origin: 'coordinator',
    })
    world.settle()
    expect([log.logEndOffset, log.hasOpenTransaction(7n, 0), log.hasOpenTransaction(9n, 0)]).toEqual([
      1,
      true,
      false,
    ])
    expect(log.abortedTransactions(0, 9)).toEqual([])
    log.setHighWatermark(1)
    expect(log.lastStableOffset).toBe(0)
    world.disk.capacityBytes = Number.POSITIVE_INFINITY
    producer.end(false)
    world.settle()
    expect(log.abortedTransactions(0, 9)).toEqual([{ producerId: 7n, firstOffset: 0 }])
  })
})
