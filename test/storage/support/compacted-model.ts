/**
 * A log as a consumer sees it, and a simple model of what it should see: for compaction tests.
 */
import { payloadOf, visitRecords } from '../../../src/storage/batch-records.ts'
import type { Log } from '../../../src/storage/log.ts'
import { readTransactionMarker } from '../../../src/storage/transaction-marker-record.ts'
import { markerBatch, testBatch } from './batches.ts'
import type { ManagedWorld } from './managed-world.ts'

export interface ModelRecord {
  readonly offset: number
  readonly key: string
  readonly value: string | null
  readonly transaction: number | null
}

export interface SeenRecord {
  readonly offset: number
  readonly key: string
  readonly value: string | null
}

/** Everything that was ever appended, and how its transactions ended. */
export class Model {
  readonly records: ModelRecord[] = []
  readonly outcome = new Map<number, 'commit' | 'abort'>()
  #transactions = 0
  /** Producer id → open transaction and next sequence. */
  readonly #open = new Map<bigint, number>()
  readonly #sequences = new Map<bigint, number>()

  append(world: ManagedWorld, log: Log, roll: (limit: number) => number, keys: number): void {
    const producerId = roll(2) === 0 ? null : BigInt(roll(3))
    const isTransactional = producerId === 2n || (producerId !== null && this.#open.has(producerId))
    const records = Array.from({ length: 1 + roll(3) }, () => ({
      key: `key-${roll(keys)}`,
      value: roll(5) === 0 ? null : `value-${this.records.length}-${roll(1_000)}`,
    }))
    const sequence = producerId === null ? -1 : (this.#sequences.get(producerId) ?? 0)
    const batch = testBatch({
      records,
      baseTimestamp: world.clock.nowMs,
      ...(producerId === null ? {} : { producerId, producerEpoch: 0, baseSequence: sequence }),
      attributes: isTransactional ? 0x10 : 0,
    })
    const outcome = log.append(batch, { origin: 'coordinator', leaderEpoch: 0, nowMs: world.clock.nowMs })
    if (!outcome.ok) throw new Error(outcome.message)
    let transaction: number | null = null
    if (producerId !== null) {
      this.#sequences.set(producerId, sequence + records.length)
      if (isTransactional) {
        transaction = this.#open.get(producerId) ?? ++this.#transactions
        this.#open.set(producerId, transaction)
      }
    }
    records.forEach((record, index) => {
      this.records.push({ ...record, offset: outcome.baseOffset + index, transaction })
    })
  }

  /** Ends a producer's transaction, if one is open. */
  end(world: ManagedWorld, log: Log, producerId: bigint, commits: boolean): void {
    const transaction = this.#open.get(producerId)
    if (transaction === undefined) return
    const marker = markerBatch({ producerId, producerEpoch: 0, commits, timestamp: world.clock.nowMs })
    const outcome = log.append(marker, { origin: 'coordinator', leaderEpoch: 0, nowMs: world.clock.nowMs })
    if (!outcome.ok) throw new Error(outcome.message)
    this.#open.delete(producerId)
    this.outcome.set(transaction, commits ? 'commit' : 'abort')
  }

  endAll(world: ManagedWorld, log: Log, roll: (limit: number) => number): void {
    for (const producerId of [...this.#open.keys()]) this.end(world, log, producerId, roll(2) === 0)
  }

  /** Records that a read_committed consumer may see below `offset`. */
  committedBelow(offset: number): ModelRecord[] {
    return this.records.filter(
      (record) =>
        record.offset < offset &&
        (record.transaction === null || this.outcome.get(record.transaction) === 'commit'),
    )
  }

  /** Per key the last committed record below `offset`. */
  latestBelow(offset: number): Map<string, ModelRecord> {
    return new Map(this.committedBelow(offset).map((record) => [record.key, record]))
  }
}

/** What a read_committed consumer reads from the whole log, by the rules of the protocol. */
export function consume(world: ManagedWorld, log: Log): SeenRecord[] {
  const upper = log.lastStableOffset
  const bytes = world.read(log, log.logStartOffset)
  const aborted = log.abortedTransactions(log.logStartOffset, upper).map((entry) => ({ ...entry }))
  aborted.sort((a, b) => a.firstOffset - b.firstOffset)
  const aborting = new Set<bigint>()
  const seen: SeenRecord[] = []
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
    const baseOffset = Number(bytes.readBigInt64BE(at))
    if (baseOffset >= upper) break
    const lastOffset = baseOffset + bytes.readInt32BE(at + 23)
    const producerId = bytes.readBigInt64BE(at + 43)
    const attributes = bytes.readInt16BE(at + 21)
    for (; (aborted[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= lastOffset; ) {
      const entry = aborted.shift()
      if (entry !== undefined) aborting.add(entry.producerId)
    }
    if ((attributes & 0x20) !== 0) {
      const isEmpty = bytes.readInt32BE(at + 57) === 0
      if (!isEmpty && readTransactionMarker(bytes, at)?.isAbort === true) aborting.delete(producerId)
      continue
    }
    if ((attributes & 0x10) !== 0 && aborting.has(producerId)) continue
    const payload = payloadOf(bytes, at)
    if (!payload.ok) throw new Error(payload.error)
    const fault = visitRecords(bytes, at, payload.bytes, ({ offset, record }) => {
      seen.push({
        offset,
        key: String(record.key),
        value: record.value === null ? null : String(record.value),
      })
      return true
    })
    if (fault !== null) throw new Error(fault)
  }
  return seen
}
