/**
 * Gives accepted batches their offsets, patches them in place, and queues them for the file.
 *
 * Decides duplicates, sequences and transactions (through the producers), and when a segment is full. It does
 * no I/O, apart from one small read after a restart to learn when the active segment began.
 */
import {
  BATCH_HEADER_BYTES,
  maxTimestamp,
  setBaseOffset,
  setLeaderEpoch,
  setLogAppendTime,
} from '../protocol/records/batch.ts'
import { limits } from '../runtime/limits.ts'
import { type InspectedBatches, inspectOwn, inspectReplica } from './append-inspection.ts'
import { type AppendFailure, type AppendOptions, type AppendOutcome, refuse } from './append-outcome.ts'
import { type BatchFacts, nextOffsetOf } from './batch-facts.ts'
import { assertOffset, type LogState } from './log-state.ts'
import type { LogWriter } from './log-writer.ts'
import type { ProducerChange } from './producer-state.ts'
import { Segment } from './segment.ts'
import { ErrorCode } from './storage-errors.ts'
import { readTransactionMarker } from './transaction-marker-record.ts'
import type { TransactionVerifications } from './transaction-verification.ts'

export interface RollListener {
  /**
   * `sealed` gets no more batches; the log goes on in a new segment at `baseOffset`. `changes` are what the
   * append that caused it already did to the producers.
   */
  rolled(sealed: Segment, baseOffset: number, changes: readonly ProducerChange[]): void
}

const headerScratch = Buffer.allocUnsafe(BATCH_HEADER_BYTES)

export class LogAppender {
  readonly #state: LogState
  readonly #writer: LogWriter
  readonly #verifications: TransactionVerifications
  readonly #rollListener: RollListener

  constructor(
    state: LogState,
    writer: LogWriter,
    verifications: TransactionVerifications,
    rollListener: RollListener,
  ) {
    this.#state = state
    this.#writer = writer
    this.#verifications = verifications
    this.#rollListener = rollListener
  }

  append(records: Buffer, options: AppendOptions): AppendOutcome {
    if (this.#writer.queuedBytes + records.length > limits.pendingAppendBytesPerLogMax) {
      return refuse(ErrorCode.REQUEST_TIMED_OUT, 'the disk does not keep up with the appends to this log')
    }
    return options.origin === 'replica'
      ? this.#appendReplica(records, options)
      : this.#appendOwn(records, options)
  }

  #appendOwn(received: Buffer, options: AppendOptions): AppendOutcome {
    const inspected = inspectOwn(received, options, this.#state.config)
    if (!inspected.ok) return inspected
    const { records } = inspected
    const changes: ProducerChange[] = []
    let offset = this.#state.logEndOffset
    for (const batch of inspected.batches) {
      const verdict = this.#admit(records, batch, offset, options, changes)
      if (verdict !== null) {
        for (const change of changes.reverse()) this.#state.producers.undo(change)
        return verdict
      }
      batch.baseOffset = offset
      offset = nextOffsetOf(batch)
    }
    const stampsTime = this.#state.config.timestampType === 'LogAppendTime'
    for (const batch of inspected.batches) {
      setBaseOffset(records, batch.position, batch.baseOffset)
      setLeaderEpoch(records, batch.position, options.leaderEpoch)
      batch.leaderEpoch = options.leaderEpoch
      if (stampsTime && !batch.isControl) {
        setLogAppendTime(records, batch.position, options.nowMs)
        batch.maxTimestampMs = options.nowMs
      }
    }
    return this.#enqueue(received, inspected, options, changes, stampsTime ? options.nowMs : -1)
  }

  /** Lets the producers decide on one batch and notes it there; answers why the append ends here, else null. */
  #admit(
    records: Buffer,
    batch: BatchFacts,
    offset: number,
    options: AppendOptions,
    changes: ProducerChange[],
  ): AppendOutcome | null {
    if (!batch.hasProducer) return null
    const { producers } = this.#state
    if (batch.isControl) {
      const marker = readTransactionMarker(records, batch.position)
      if (marker === null) return null
      const verdict = producers.examineMarker(marker, options.transactionVersion ?? 0)
      if (verdict.kind === 'refuse') return refuse(verdict.errorCode, verdict.message)
      changes.push(producers.applyMarker(marker, offset))
      this.#verifications.end(marker.producerId)
      return null
    }
    if (options.origin === 'client') {
      const verdict = producers.examine(batch)
      if (verdict.kind === 'refuse') return refuse(verdict.errorCode, verdict.message)
      if (verdict.kind === 'duplicate') {
        const { original } = verdict
        return {
          ok: true,
          baseOffset: original.lastOffset - original.offsetDelta,
          lastOffset: original.lastOffset,
          logAppendTimeMs: this.#state.config.timestampType === 'LogAppendTime' ? original.timestampMs : -1,
          logStartOffset: this.#state.logStartOffset,
          duplicate: true,
          recordCount: batch.recordCount,
          sizeBytes: batch.sizeBytes,
        }
      }
    }
    const unverified = this.#verify(batch, options)
    if (unverified !== null) return unverified
    changes.push(producers.applyBatch(batch, offset))
    return null
  }

  /** KIP-890: the first batch of a transaction comes only after its coordinator confirmed the partition. */
  #verify(batch: BatchFacts, options: AppendOptions): AppendFailure | null {
    if (!batch.isTransactional || !this.#state.config.verifiesTransactions) return null
    if (options.origin === 'coordinator' && options.verificationGuard === undefined) return null
    if (this.#state.producers.hasOpenTransaction(batch.producerId, batch.producerEpoch)) return null
    const fault = this.#verifications.check(batch, options.verificationGuard ?? null)
    if (fault !== null) return refuse(fault.errorCode, fault.message)
    this.#verifications.end(batch.producerId)
    return null
  }

  #appendReplica(records: Buffer, options: AppendOptions): AppendOutcome {
    const inspected = inspectReplica(records, this.#state.logEndOffset, options.leaderEpoch)
    if (!inspected.ok) return inspected
    if (inspected.batches.length === 0) return this.#nothingAppended()
    const changes: ProducerChange[] = []
    for (const batch of inspected.batches) {
      if (!batch.hasProducer) continue
      const marker = batch.isControl ? readTransactionMarker(records, batch.position) : null
      if (marker !== null) changes.push(this.#state.producers.applyMarker(marker, batch.baseOffset))
      else if (!batch.isControl) changes.push(this.#state.producers.applyBatch(batch, batch.baseOffset))
    }
    return this.#enqueue(records, inspected, options, changes, -1)
  }

  #nothingAppended(): AppendOutcome {
    return {
      ok: true,
      baseOffset: this.#state.logEndOffset,
      lastOffset: this.#state.logEndOffset - 1,
      logAppendTimeMs: -1,
      logStartOffset: this.#state.logStartOffset,
      duplicate: false,
      recordCount: 0,
      sizeBytes: 0,
    }
  }

  #enqueue(
    received: Buffer,
    inspected: InspectedBatches,
    options: AppendOptions,
    changes: readonly ProducerChange[],
    logAppendTimeMs: number,
  ): AppendOutcome {
    const state = this.#state
    const { records, batches, sizeBytes } = inspected
    const first = batches[0]
    const last = batches.at(-1)
    if (first === undefined || last === undefined) throw new Error('an append without a batch')
    const endOffset = nextOffsetOf(last)
    assertOffset(endOffset)
    const segment = this.#segmentFor(inspected, first, endOffset - 1, options.nowMs, changes)
    let recordCount = 0
    for (const batch of batches) {
      recordCount += batch.recordCount
      // A later one that is known was to begin here, under this node, and left nothing.
      if (batch.leaderEpoch !== state.epochs.latestEpoch)
        state.epochs.assign(batch.leaderEpoch, batch.baseOffset)
    }
    const position = segment.sizeBytes
    segment.sizeBytes += sizeBytes
    state.logEndOffset = endOffset
    this.#writer.enqueue({
      segment,
      position,
      bytes: sizeBytes === records.length ? records : records.subarray(0, sizeBytes),
      batches,
      baseOffset: first.baseOffset,
      endOffset,
      producerChanges: changes,
      released: records === received ? options.released : undefined,
    })
    if (records !== received) options.released?.()
    return {
      ok: true,
      baseOffset: first.baseOffset,
      lastOffset: endOffset - 1,
      logAppendTimeMs,
      logStartOffset: state.logStartOffset,
      duplicate: false,
      recordCount,
      sizeBytes,
    }
  }

  /** The active segment, or a new one when this append does not belong into it. */
  #segmentFor(
    { sizeBytes }: InspectedBatches,
    first: BatchFacts,
    lastOffset: number,
    nowMs: number,
    changes: readonly ProducerChange[],
  ): Segment {
    const { segments, config, logEndOffset } = this.#state
    const { active } = segments
    const isFull =
      active.sizeBytes > config.segmentBytes - sizeBytes ||
      active.isIndexFull(config.segmentIndexBytes) ||
      this.#isOld(active, first.maxTimestampMs)
    // Segments follow each other also where the leader's compaction left a gap: recovery cuts a log that has a hole.
    if (!active.fitsOffset(lastOffset)) this.roll(first.baseOffset, nowMs, changes)
    else if (active.sizeBytes > 0 && isFull) this.roll(logEndOffset, nowMs, changes)
    return segments.active
  }

  #isOld(active: Segment, timestampMs: number): boolean {
    const began = this.#firstTimestamp(active)
    return began >= 0 && timestampMs - began > this.#state.config.segmentMs - this.#jitterMs(active)
  }

  /** Spreads the rolls of many partitions; the same for a segment each time it is asked. */
  #jitterMs(active: Segment): number {
    const { segmentJitterMs, segmentMs } = this.#state.config
    const jitterMax = Math.min(segmentJitterMs, segmentMs)
    if (jitterMax <= 0) return 0
    let hash = active.baseOffset % 65_521
    for (const character of `${this.#state.topic}-${this.#state.partition}`) {
      hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521
    }
    return Math.floor((hash / 65_521) * jitterMax)
  }

  #firstTimestamp(segment: Segment): number {
    if (Number.isNaN(segment.firstTimestampMs)) {
      const got =
        segment.writtenBytes === 0 ? 0 : segment.log.use().readSync(headerScratch, 0, BATCH_HEADER_BYTES, 0)
      segment.firstTimestampMs = got === BATCH_HEADER_BYTES ? maxTimestamp(headerScratch, 0) : -1
    }
    return segment.firstTimestampMs
  }

  /** The log goes on in a new segment at `baseOffset`. */
  roll(baseOffset: number, nowMs: number, changes: readonly ProducerChange[]): void {
    const { segments, environment, folder } = this.#state
    const sealed = segments.active
    segments.add(Segment.fresh(environment.files, folder, baseOffset, nowMs))
    this.#rollListener.rolled(sealed, baseOffset, changes)
  }
}
