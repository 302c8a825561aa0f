/**
 * Reads a `__consumer_offsets` partition from its start and makes of it the state of its coordinator.
 *
 * Every record counts, in the order of the log; transaction markers decide what transactions wrote. A record
 * that cannot be read stops the load, and so does damage that hides some: serving on less than the log would turn offsets
 * back.
 */
import { applyRecord, applyTransactionEnd } from '../../coordination/groups/apply.ts'
import { emptyGroups, type GroupsState } from '../../coordination/groups/state.ts'
import {
  baseOffset,
  batchSizeBytes,
  isControl,
  isTransactional,
  producerId,
  recordCount,
} from '../../protocol/records/batch.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { batchPayload } from '../../protocol/records/record-set.ts'
import { decodeGroupRecord } from '../../protocol/stored/groups.ts'
import type { Clock } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { PartitionLog } from '../../storage/partition-log.ts'

export type LoadedGroups =
  | { readonly ok: true; readonly state: GroupsState; readonly foreign: ReadonlySet<string> }
  | { readonly ok: false; readonly reason: string }

const NO_PRODUCER = -1n
const COMMIT = 1

class GroupsLoad {
  readonly #log: PartitionLog
  readonly #clock: Clock
  readonly #done: (loaded: LoadedGroups) => void
  readonly #foreign = new Set<string>()
  #state: GroupsState = emptyGroups
  #offset: number

  constructor(log: PartitionLog, clock: Clock, done: (loaded: LoadedGroups) => void) {
    this.#log = log
    this.#clock = clock
    this.#done = done
    this.#offset = log.logStartOffset
  }

  step(): void {
    const { damage } = this.#log
    if (damage !== null) {
      this.#done({ ok: false, reason: damage.reason })
      return
    }
    if (this.#offset >= this.#log.writtenOffset) {
      this.#done({ ok: true, state: this.#state, foreign: this.#foreign })
      return
    }
    const options = {
      sizeBytesMax: limits.readChunkBytes,
      upperBoundOffset: this.#log.writtenOffset,
      atLeastOneBatch: true,
      skipsEmptyBatches: false,
    }
    this.#log.read(this.#offset, options, (outcome) => {
      if (!outcome.ok) {
        this.#done({ ok: false, reason: outcome.message })
        return
      }
      const problem =
        outcome.sizeBytes === 0 ? 'the log ends before its end' : this.#take(Buffer.concat(outcome.buffers))
      this.#offset = outcome.nextOffset
      outcome.release()
      if (problem !== null) this.#done({ ok: false, reason: problem })
      // Between two chunks the event loop serves others: a long log must not stop the broker.
      else this.#clock.schedule(0, () => this.step())
    })
  }

  /** Applies whole batches; the answer is what is wrong with them, or null. */
  #take(batches: Buffer): string | null {
    for (let position = 0; position < batches.length; position += batchSizeBytes(batches, position)) {
      const problem = this.#batch(batches, position)
      if (problem !== null) return `${problem} in the batch at offset ${baseOffset(batches, position)}`
    }
    return null
  }

  #batch(batches: Buffer, position: number): string | null {
    const payload = batchPayload(batches, position, limits.decompressedBatchBytesMax)
    if (!payload.ok) return payload.error.message
    const records = decodeRecords(payload.value, recordCount(batches, position))
    if (!records.ok) return records.error.message
    const writer = isTransactional(batches, position) ? producerId(batches, position) : NO_PRODUCER
    if (isControl(batches, position)) {
      const type = records.value[0]?.key?.readInt16BE(2)
      this.#state = applyTransactionEnd(this.#state, producerId(batches, position), type === COMMIT)
      return null
    }
    const base = baseOffset(batches, position)
    for (const { key, value, offsetDelta } of records.value) {
      if (key === null) return 'a record without a key'
      const record = decodeGroupRecord(key, value)
      if (!record.ok) return record.error.message
      const applied = applyRecord(this.#state, record.value, {
        offset: BigInt(base + offsetDelta),
        producerId: writer,
      })
      this.#state = applied.state
      if (applied.notice !== null) this.#foreign.add(applied.notice.recordType)
    }
    return null
  }
}

/** Reads the whole log; `done` is called once. */
export function loadGroups(log: PartitionLog, clock: Clock, done: (loaded: LoadedGroups) => void): void {
  new GroupsLoad(log, clock, done).step()
}
