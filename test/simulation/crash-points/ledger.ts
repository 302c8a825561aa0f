/**
 * What was done to the logs of a scene and what of it was acknowledged: by this a restart is judged.
 *
 * A record is known by its offset, key and value. What is under way may come out either way; what was acknowledged must be
 * there, whole and once, and nothing may be there that was never appended.
 */
import { decodeRecordSet } from '../../../src/client/record-set.ts'
import type { Log } from '../../../src/storage/log.ts'
import { batchesIn } from '../../storage/support/golden.ts'

export interface AppendedRecord {
  readonly offset: number
  readonly key: string
  readonly value: string
  readonly epoch: number
}

interface Promised {
  /** `maybe`: it is being created or deleted. */
  exists: 'yes' | 'maybe'
  records: AppendedRecord[]
  /** Everything below was acknowledged. */
  durableOffset: number
  /** The log may begin at any offset between these. */
  startMin: number
  startMax: number
}

export class Ledger {
  /** Everything that was ever appended, to any partition. */
  readonly #ever: Set<string>
  readonly #promised: Map<number, Promised>
  /** What an operation itself has acknowledged, by a name of its own. */
  readonly notes: Map<string, string>
  compacts = false

  constructor(of: Ledger | null = null) {
    this.#ever = new Set(of === null ? [] : of.#ever)
    this.#promised = new Map(
      [...(of === null ? [] : of.#promised)].map(([partition, promised]) => [
        partition,
        { ...promised, records: [...promised.records] },
      ]),
    )
    this.notes = new Map(of === null ? [] : of.notes)
    this.compacts = of?.compacts ?? false
  }

  /** The same for two ledgers that promise the same. */
  get fingerprint(): string {
    return JSON.stringify([[...this.#promised], [...this.notes], this.compacts])
  }

  get partitions(): number[] {
    return [...this.#promised.keys()]
  }

  created(partition: number): void {
    this.#promised.set(partition, {
      exists: 'maybe',
      records: [],
      durableOffset: 0,
      startMin: 0,
      startMax: 0,
    })
  }

  /** It may be there or not from now on, with nothing that counts. */
  deleting(partition: number): void {
    const promised = this.#of(partition)
    promised.exists = 'maybe'
    promised.records = []
    promised.durableOffset = 0
    promised.startMax = Number.POSITIVE_INFINITY
  }

  appended(partition: number, record: AppendedRecord): void {
    this.#ever.add(identityOf(record))
    this.#of(partition).records.push(record)
  }

  acknowledged(partition: number, endOffset: number): void {
    const promised = this.#of(partition)
    if (endOffset > 0) promised.exists = 'yes'
    promised.durableOffset = Math.max(promised.durableOffset, endOffset)
  }

  /** The log ends there now: what was not acknowledged above is gone, or was refused after all. */
  endsAt(partition: number, endOffset: number): void {
    const promised = this.#of(partition)
    promised.records = promised.records.filter(
      ({ offset }) => offset < endOffset || offset < promised.durableOffset,
    )
  }

  /** Records at and above `offset` are being cut: they may stay or go. */
  cutting(partition: number, offset: number): void {
    const promised = this.#of(partition)
    promised.records = promised.records.filter((record) => record.offset < offset)
    promised.durableOffset = Math.min(promised.durableOffset, offset)
  }

  /** Everything below `offset` may go; the log begins no later. */
  dropping(partition: number, offset: number): void {
    const promised = this.#of(partition)
    promised.records = promised.records.filter((record) => record.offset >= offset)
    promised.startMax = Math.max(promised.startMax, offset)
  }

  #of(partition: number): Promised {
    const promised = this.#promised.get(partition)
    if (promised === undefined) throw new Error(`partition ${partition} was never created`)
    return promised
  }

  /**
   * Throws what of the promises does not hold; `logOf` is null where there is no log. What is there counts from now on,
   * and what was under way and is not there was never appended.
   */
  check(logOf: (partition: number) => Log | null, read: (log: Log) => Buffer): void {
    for (const [partition, promised] of this.#promised) {
      const log = logOf(partition)
      if (log !== null) this.#checkLog(promised, log, read)
      else if (promised.exists === 'yes') throw new Error(`partition ${partition} is gone`)
    }
  }

  #checkLog(promised: Promised, log: Log, read: (log: Log) => Buffer): void {
    const { startMin, startMax } = promised
    if (log.isOffline) throw new Error('the log is offline')
    // What is being deleted need not be whole: its owner deletes it again before anybody reads it.
    if (promised.exists === 'maybe' && startMax === Number.POSITIVE_INFINITY) return
    if (log.damage !== null) throw new Error(`the log is damaged: ${log.damage.reason}`)
    if (log.logStartOffset < startMin || log.logStartOffset > startMax)
      throw new Error(`the log begins at ${log.logStartOffset}, not in ${startMin}…${startMax}`)
    if (log.logEndOffset < promised.durableOffset)
      throw new Error(`the log ends at ${log.logEndOffset}, ${promised.durableOffset} was acknowledged`)
    const bytes = read(log)
    const found = decodeRecordSet(bytes, log.logStartOffset).records.map(({ offset, key, value }) => ({
      offset,
      key: key?.toString() ?? '',
      value: value?.toString() ?? '',
      epoch: log.leaderEpochOf(offset),
    }))
    this.#checkRecords(promised, log, found)
    checkDerived(log, bytes)
    promised.records = found
  }

  #checkRecords(promised: Promised, log: Log, found: readonly AppendedRecord[]): void {
    for (const [index, record] of found.entries()) {
      if (!this.#ever.has(identityOf(record))) throw new Error(`never appended: ${identityOf(record)}`)
      if (!this.compacts && record.offset !== log.logStartOffset + index)
        throw new Error(`offset ${record.offset} follows ${log.logStartOffset + index - 1}`)
    }
    const kept = new Set(found.map(identityOf))
    const latest = new Map(found.map(({ key, offset }) => [key, offset]))
    for (const record of promised.records) {
      if (record.offset >= promised.durableOffset || record.offset < log.logStartOffset) continue
      const isCovered = this.compacts && (latest.get(record.key) ?? -1) > record.offset
      if (!isCovered && !kept.has(identityOf(record))) throw new Error(`lost: ${identityOf(record)}`)
    }
  }
}

function identityOf({ offset, key, value, epoch }: AppendedRecord): string {
  return `${offset} ${key}=${value} of epoch ${epoch}`
}

/** Epochs and producers must agree with the batches. */
function checkDerived(log: Log, bytes: Buffer): void {
  const batches = batchesIn(bytes)
  for (const { baseOffset, leaderEpoch } of batches) {
    const told = log.leaderEpochOf(baseOffset)
    if (told !== leaderEpoch) throw new Error(`offset ${baseOffset} is of epoch ${leaderEpoch}, not ${told}`)
  }
  const last = batches.findLast(({ producerId }) => producerId >= 0)
  const known = log.activeProducers().find(({ producerId }) => Number(producerId) === last?.producerId)
  if (last !== undefined && known?.producerEpoch !== last.producerEpoch)
    throw new Error(
      `producer ${last.producerId} has epoch ${known?.producerEpoch}, not ${last.producerEpoch}`,
    )
}
