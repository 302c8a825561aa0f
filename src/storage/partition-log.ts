/**
 * One partition's log as its owner sees it: the contract between broker and storage.
 *
 * Offsets are safe integers (asserted), producer ids bigint. All methods are synchronous in effect: the
 * state has changed when they return, files follow in order. It decides nothing about replication: the
 * owner moves the high watermark, and reads, retention and the last stable offset respect it.
 */
import type { AppendOptions, AppendOutcome } from './append-outcome.ts'
import type { LogConfig } from './log-config.ts'
import type { LogListener } from './log-listener.ts'
import type {
  AbortedTransaction,
  EpochEndOffset,
  ReadOptions,
  ReadOutcome,
  TimestampedOffset,
} from './read-outcome.ts'
import type { VerificationGuard } from './transaction-verification.ts'

/** Why a log serves only a part of itself: a bad batch below the recovery point (trap 2). */
export interface LogDamage {
  /** Reads below still work; nothing may be appended until the log is truncated to here or below. */
  readonly offset: number
  readonly reason: string
  /** Where the log had ended is not known any more: it may have held more than it tells now. */
  readonly hidesEnd: boolean
}

/** What is known of one active producer (DescribeProducers). */
export interface ProducerDescription {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** -1 when only a marker is known. */
  readonly lastSequence: number
  readonly lastTimestampMs: number
  readonly coordinatorEpoch: number
  /** First offset of the open transaction, -1 when none is open. */
  readonly currentTransactionStartOffset: number
}

export interface PartitionLog {
  readonly topic: string
  readonly partition: number
  /** base64url; null until the owner knows it. */
  readonly topicId: string | null
  /** The log directory that holds it (`log.dirs` entry). */
  readonly directoryPath: string
  readonly config: LogConfig

  readonly logStartOffset: number
  /** One past the last assigned offset; may run ahead of the file within an event-loop turn or a slow write. */
  readonly logEndOffset: number
  /** One past the last offset in the file: reads go up to here. */
  readonly writtenOffset: number
  /** One past the last offset that survives a power cut. */
  readonly durableOffset: number
  /** What this replica may be counted with: `durableOffset` under group commit, else `writtenOffset`. */
  readonly persistedOffset: number
  readonly highWatermark: number
  /** Never above the high watermark: the first offset of the first transaction not known to be decided. */
  readonly lastStableOffset: number
  /** The epoch of the last batch or assigned epoch; -1 when there is none. */
  readonly latestLeaderEpoch: number
  /** Bytes of all segments. */
  readonly sizeBytes: number
  readonly segmentCount: number
  readonly isOffline: boolean
  readonly damage: LogDamage | null

  /** The owner, one at a time. */
  setListener(listener: LogListener): void
  /** New settings hold from the next append, roll or cleaning on. */
  updateConfig(config: LogConfig): void
  /** Learns the topic id late (writes `partition.metadata`). */
  assignTopicId(topicId: string): void

  /**
   * Validates, assigns offsets, patches base offset, leader epoch and LogAppendTime in place in `records`,
   * and queues it for the file at the end of the turn. `records` must not change before `released`.
   */
  append(records: Buffer, options: AppendOptions): AppendOutcome
  /** Wants everything appended so far durable; answered by `LogListener.durable`. Waiting calls share one sync. */
  requestDurable(): void
  /** Calls back when all that was appended before is durable (or can never be). For metadata, stop and tests. */
  whenDurable(done: (durable: boolean) => void): void

  /** Clamped to [logStartOffset, logEndOffset]. */
  setHighWatermark(offset: number): void
  /** A new leader notes the epoch and where it begins, before its first append in it (trap 8). */
  assignLeaderEpoch(leaderEpoch: number): void

  /**
   * Reads whole batches from the one that holds `fromOffset` on. `done` runs before `read` returns when the
   * data is warm. Nothing at or above `writtenOffset` is ever returned.
   */
  read(fromOffset: number, options: ReadOptions, done: (outcome: ReadOutcome) => void): void
  /** First offset whose record's timestamp is at or past `timestampMs`; null when there is none. */
  offsetForTimestamp(
    timestampMs: number,
    done: (found: TimestampedOffset | null, error: string | null) => void,
  ): void
  /** The record with the largest timestamp (KIP-734); null in an empty log. */
  offsetOfMaxTimestamp(done: (found: TimestampedOffset | null, error: string | null) => void): void
  /** The largest epoch at or below `leaderEpoch` and where it ends (KIP-101, KIP-320). */
  endOffsetForLeaderEpoch(leaderEpoch: number): EpochEndOffset
  /** The epoch that wrote `offset`; -1 when unknown. */
  leaderEpochOf(offset: number): number
  /** Aborted transactions that touch [fromOffset, upperOffset). */
  abortedTransactions(fromOffset: number, upperOffset: number): AbortedTransaction[]

  /** null when the producer has an open transaction here: no verification is needed. */
  beginVerification(
    producerId: bigint,
    producerEpoch: number,
    baseSequence: number,
    supportsEpochBump: boolean,
  ): VerificationGuard | null
  activeProducers(): ProducerDescription[]
  /** True when the producer has an open transaction in this log with this epoch. */
  hasOpenTransaction(producerId: bigint, producerEpoch: number): boolean

  /**
   * Drops everything at and above `offset`, with producers, epochs, indexes (trap 9). `truncated` is false when
   * there was nothing to drop. `done` runs when the cut is on the disk (before the call returns when there was
   * nothing to drop); until then the owner must not append.
   */
  truncateTo(offset: number, done: (truncated: boolean) => void): void
  /** Drops everything and continues at `offset`; `done` as for `truncateTo`. */
  truncateFullyAndStartAt(offset: number, done: () => void): void
  /** DeleteRecords: false when `offset` is above the high watermark. */
  deleteRecordsBefore(offset: number): boolean
  /** Starts a new segment at the log end (an empty active segment stays). */
  roll(nowMs: number): void
}
