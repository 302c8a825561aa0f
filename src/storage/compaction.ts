/**
 * Cleans one compacted log: of each key only the latest record stays, as the plan and the filter decide.
 *
 * Two passes: over the dirty part, to learn the latest offset of each key; over everything from the start, to
 * copy what stays into new segments that take the old ones' places. It works in slices and gives up, harmlessly,
 * when the log is cut or deleted under it.
 */
import { baseTimestamp, hasDeleteHorizon, maxTimestamp } from '../protocol/records/batch.ts'
import { DiskError } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import type { BatchFacts } from './batch-facts.ts'
import { payloadOf, visitRecords } from './batch-records.ts'
import { cleanableSegments } from './compaction-facts.ts'
import { type BatchFate, filterBatch, wholeBatch } from './compaction-filter.ts'
import { type CleaningPlan, groupSegments } from './compaction-plan.ts'
import { CompactionTransactions } from './compaction-transactions.ts'
import { KeyOffsets } from './key-offsets.ts'
import type { LogState } from './log-state.ts'
import type { LogSyncer } from './log-syncer.ts'
import { Segment } from './segment.ts'
import { BadBatchError, Slices, streamSegment } from './segment-stream.ts'
import { CLEANED, removeCleaned, swapSegments } from './segment-swap.ts'
import type { AbortedTransactionEntry } from './transaction-index.ts'
import { readTransactionMarker } from './transaction-marker-record.ts'

export interface CompactionResult {
  /** Everything below is clean now; null when the cleaning was given up. */
  readonly cleanedOffset: number | null
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly recordsDropped: number
}

/** What the first pass learned. */
interface Latest {
  readonly keys: KeyOffsets
  /** Records at or above may have later ones that were not looked at: all of them stay. */
  readonly endOffset: number
}

export class Compaction {
  readonly #state: LogState
  readonly #syncer: LogSyncer
  readonly #isAlive: () => boolean
  readonly #slices: Slices
  readonly #nowMs: number
  #recordsDropped = 0
  #bytesBefore = 0
  #bytesAfter = 0

  constructor(state: LogState, syncer: LogSyncer, isAlive: () => boolean) {
    this.#state = state
    this.#syncer = syncer
    this.#isAlive = isAlive
    this.#slices = new Slices(state.environment.clock)
    this.#nowMs = state.environment.clock.wallMs()
  }

  /** Rejects with `DiskError` or `BadBatchError`. */
  async run(plan: CleaningPlan): Promise<CompactionResult> {
    const latest = await this.#learn(plan)
    if (latest === null) return this.#result(null)
    const sealed = cleanableSegments(this.#state)
    const transactions = new CompactionTransactions(this.#aborted(0, latest.endOffset))
    for (const group of groupSegments(sealed, latest.endOffset, this.#state.config)) {
      const segments = group.map(({ segment }) => segment)
      if (!(await this.#cleanGroup(segments, latest, transactions))) return this.#result(null)
    }
    return this.#result(latest.endOffset)
  }

  #result(cleanedOffset: number | null): CompactionResult {
    return {
      cleanedOffset,
      bytesBefore: this.#bytesBefore,
      bytesAfter: this.#bytesAfter,
      recordsDropped: this.#recordsDropped,
    }
  }

  #aborted(fromOffset: number, upperOffset: number): AbortedTransactionEntry[] {
    const { segments } = this.#state
    const found: AbortedTransactionEntry[] = []
    for (let i = Math.max(0, segments.indexOf(fromOffset)); i < segments.count; i++) {
      if (segments.at(i)?.transactionIndex.collect(fromOffset, upperOffset, found) === true) break
    }
    return found
  }

  /** First pass: the latest offset of every key in [firstDirtyOffset, endOffset). */
  async #learn(plan: CleaningPlan): Promise<Latest | null> {
    const { segments, environment } = this.#state
    const keys = new KeyOffsets(plan.endOffset - plan.firstDirtyOffset)
    const transactions = new CompactionTransactions(this.#aborted(plan.firstDirtyOffset, plan.endOffset))
    let endOffset = plan.firstDirtyOffset
    let isFull = false
    const dirty = segments.all.slice(Math.max(0, segments.indexOf(plan.firstDirtyOffset)))
    for (const segment of dirty) {
      if (isFull || segment.baseOffset >= plan.endOffset) break
      const visit = (facts: BatchFacts, chunk: Buffer, at: number): boolean => {
        const nextOffset = facts.baseOffset + facts.lastOffsetDelta + 1
        if (facts.baseOffset >= plan.endOffset || !this.#isAlive()) return false
        if (nextOffset > plan.endOffset) return false
        isFull = !this.#learnBatch(facts, chunk, at, plan.firstDirtyOffset, keys, transactions)
        if (isFull) return false
        endOffset = Math.max(endOffset, nextOffset)
        return true
      }
      await streamSegment(segment, environment.buffers, this.#slices, visit)
      if (!this.#isAlive() || segment.isRetired) return null
    }
    return { keys, endOffset }
  }

  /** False when the keys of the batch do not all fit. */
  #learnBatch(
    facts: BatchFacts,
    chunk: Buffer,
    at: number,
    fromOffset: number,
    keys: KeyOffsets,
    transactions: CompactionTransactions,
  ): boolean {
    const lastOffset = facts.baseOffset + facts.lastOffsetDelta
    if (facts.isControl) {
      const marker = facts.recordCount > 0 ? readTransactionMarker(chunk, at) : null
      if (marker !== null) transactions.onMarker(marker.producerId, lastOffset, marker.isAbort)
      return true
    }
    if (transactions.onBatch(facts.producerId, lastOffset, facts.isTransactional)) return true
    if (facts.recordCount === 0) return true
    const payload = payloadOf(chunk, at)
    if (!payload.ok) throw new BadBatchError(facts.baseOffset, `records cannot be unpacked: ${payload.error}`)
    let fits = true
    const fault = visitRecords(chunk, at, payload.bytes, ({ offset, record }) => {
      if (record.key === null || offset < fromOffset) return true
      fits = keys.put(record.key, offset)
      return fits
    })
    if (fault !== null) throw new BadBatchError(facts.baseOffset, fault)
    return fits
  }

  /** Second pass for one group; false when the log changed under it. */
  async #cleanGroup(
    group: readonly Segment[],
    latest: Latest,
    transactions: CompactionTransactions,
  ): Promise<boolean> {
    const first = group[0]
    if (first === undefined) return true
    const isValid = (): boolean => this.#isAlive() && group.every((segment) => !segment.isRetired)
    const cleaned = this.#freshCleaned(group, first.baseOffset)
    try {
      const output = new CleanedOutput(cleaned, this.#state.config.indexIntervalBytes)
      transactions.onAbortKept = (entry) => cleaned.transactionIndex.append(entry)
      for (const segment of group) {
        const { buffers } = this.#state.environment
        await streamSegment(segment, buffers, this.#slices, (facts, chunk, at) => {
          if (!isValid()) return false
          return this.#cleanBatch(facts, chunk, at, latest, transactions, output)
        })
        if (!isValid()) return false
        this.#bytesBefore += segment.writtenBytes
      }
      await output.finish()
      if (!isValid()) return false
      this.#bytesAfter += cleaned.writtenBytes
      return await swapSegments(this.#state, this.#syncer, group, cleaned, isValid)
    } finally {
      transactions.onAbortKept = () => {}
      if (!this.#state.segments.all.includes(cleaned)) removeCleaned(this.#state, cleaned)
    }
  }

  #freshCleaned(group: readonly Segment[], baseOffset: number): Segment {
    const { environment, folder } = this.#state
    const nothing = { hasLog: false, hasIndex: false, hasTimeIndex: false, hasTransactionIndex: false }
    const modifiedMs = Math.max(...group.map((segment) => segment.modifiedMs))
    const cleaned = new Segment(
      environment.files,
      folder,
      { baseOffset, sizeBytes: 0, modifiedMs, ...nothing },
      CLEANED,
    )
    for (const file of cleaned.pooledFiles()) environment.disk.remove(file.path)
    cleaned.log.useOrCreate()
    cleaned.hasLog = true
    return cleaned
  }

  #cleanBatch(
    facts: BatchFacts,
    chunk: Buffer,
    at: number,
    latest: Latest,
    transactions: CompactionTransactions,
    output: CleanedOutput,
  ): boolean | Promise<boolean> {
    const filtered = filterBatch(chunk, at, this.#fateOf(facts, chunk, at, latest, transactions))
    switch (filtered.kind) {
      case 'fault':
        throw new BadBatchError(facts.baseOffset, filtered.reason)
      case 'drop':
        this.#recordsDropped += facts.recordCount
        return true
      case 'keep':
        return output.add(facts, Buffer.from(wholeBatch(chunk, at)))
      case 'replace': {
        const maxTimestampMs = maxTimestamp(filtered.bytes, 0)
        const recordCount = filtered.bytes.readInt32BE(57)
        this.#recordsDropped += facts.recordCount - recordCount
        return output.add(
          { ...facts, sizeBytes: filtered.bytes.length, recordCount, maxTimestampMs },
          filtered.bytes,
        )
      }
    }
  }

  #fateOf(
    facts: BatchFacts,
    chunk: Buffer,
    at: number,
    latest: Latest,
    transactions: CompactionTransactions,
  ): BatchFate {
    const lastOffset = facts.baseOffset + facts.lastOffsetDelta
    const isDecided = lastOffset < latest.endOffset
    const horizonMs = deleteHorizonOf(chunk, at)
    const isPastHorizon = horizonMs !== null && horizonMs <= this.#nowMs
    const marker = facts.isControl && facts.recordCount > 0 ? readTransactionMarker(chunk, at) : null
    const isGone = !isDecided
      ? false
      : facts.isControl
        ? marker !== null && transactions.onMarker(marker.producerId, lastOffset, marker.isAbort)
        : transactions.onBatch(facts.producerId, lastOffset, facts.isTransactional)
    return {
      discardsRecords: isGone && (!facts.isControl || isPastHorizon),
      keepsEmpty:
        this.#isLastOfProducer(facts, lastOffset) || lastOffset + 1 === latest.endOffset || !isDecided,
      isEmptyMarker: isGone && facts.isControl,
      isControl: facts.isControl,
      deleteHorizonMs: this.#nowMs + this.#state.config.deleteRetentionMs,
      keepsRecord: ({ offset, record }) => {
        if (offset >= latest.endOffset) return true
        if (record.key === null || offset < latest.keys.get(record.key)) return false
        return record.value !== null || !isPastHorizon
      },
    }
  }

  /** The last batch of a producer stays, if need be empty, for its sequence number. */
  #isLastOfProducer(facts: BatchFacts, lastOffset: number): boolean {
    if (!facts.hasProducer) return false
    const entry = this.#state.producers.entry(facts.producerId)
    if (entry === undefined) return false
    const last = entry.batches.at(-1)
    if (last !== undefined) return last.lastOffset === lastOffset
    return facts.isControl && facts.producerEpoch === entry.producerEpoch
  }
}

/** From when tombstones and empty markers of the batch may go; null when it has none yet. */
function deleteHorizonOf(chunk: Buffer, at: number): number | null {
  return hasDeleteHorizon(chunk, at) ? baseTimestamp(chunk, at) : null
}

/** Collects what stays and writes it in large pieces. */
class CleanedOutput {
  readonly #segment: Segment
  readonly #indexIntervalBytes: number
  #waiting: Buffer[] = []
  #waitingBytes = 0

  constructor(segment: Segment, indexIntervalBytes: number) {
    this.#segment = segment
    this.#indexIntervalBytes = indexIntervalBytes
  }

  /** True at once, or when enough was written to go on. */
  add(facts: BatchFacts, bytes: Buffer): boolean | Promise<boolean> {
    this.#segment.noteBatch(facts, this.#segment.writtenBytes + this.#waitingBytes, this.#indexIntervalBytes)
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    return this.#waitingBytes < limits.compactionChunkBytes ? true : this.#write().then(() => true)
  }

  async finish(): Promise<void> {
    if (this.#waitingBytes > 0) await this.#write()
    this.#segment.seal()
    // The indexes must be there under any circumstances: a full disk ends the cleaning.
    if (this.#segment.offsetIndex.entries.isBehind || this.#segment.timeIndex.entries.isBehind) {
      throw new DiskError('ENOSPC', this.#segment.log.path, 'no room for the indexes of a cleaned segment')
    }
  }

  #write(): Promise<void> {
    const segment = this.#segment
    const buffers = this.#waiting
    const sizeBytes = this.#waitingBytes
    this.#waiting = []
    this.#waitingBytes = 0
    return new Promise((resolve, reject) => {
      segment.log.hold().write(buffers, segment.writtenBytes, (error) => {
        segment.log.free()
        if (error !== null) {
          reject(error)
          return
        }
        segment.writtenBytes += sizeBytes
        segment.sizeBytes = segment.writtenBytes
        segment.syncedBytes = segment.writtenBytes
        segment.verifiedBytes = segment.writtenBytes
        resolve()
      })
    })
  }
}
