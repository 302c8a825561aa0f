/**
 * The settings of one partition log, as storage needs them: already resolved from topic, broker and
 * default, in plain numbers. Names follow Kafka's topic settings, units last.
 *
 * It never knows where a value came from, and it never checks an operator's input (the owner did).
 */

/** How an append becomes safe against a power cut. */
export type Durability =
  /** An fdatasync covers the append before it may be counted; appends that wait share one (the default). */
  | { readonly kind: 'group-commit' }
  /** Kafka's promise: written is enough; synced after so many records or milliseconds (`flush.messages`, `flush.ms`). */
  | { readonly kind: 'operating-system'; readonly flushMessages: number; readonly flushMs: number }

export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface LogConfig {
  /** `segment.bytes` */
  readonly segmentBytes: number
  /** `segment.ms`, measured on the records' own timestamps. */
  readonly segmentMs: number
  /** `segment.jitter.ms` */
  readonly segmentJitterMs: number
  /** `segment.index.bytes`: a full index rolls the segment. */
  readonly segmentIndexBytes: number
  /** `index.interval.bytes` */
  readonly indexIntervalBytes: number
  /** `cleanup.policy` contains `delete` */
  readonly deletes: boolean
  /** `cleanup.policy` contains `compact` */
  readonly compacts: boolean
  /** `retention.ms`; -1 keeps for ever. */
  readonly retentionMs: number
  /** `retention.bytes`; -1 keeps all. */
  readonly retentionBytes: number
  /** `delete.retention.ms`: how long a tombstone outlives its first cleaning. */
  readonly deleteRetentionMs: number
  /** `min.compaction.lag.ms` */
  readonly minCompactionLagMs: number
  /** `max.compaction.lag.ms` */
  readonly maxCompactionLagMs: number
  /** `min.cleanable.dirty.ratio` */
  readonly minCleanableDirtyRatio: number
  /** `file.delete.delay.ms` */
  readonly fileDeleteDelayMs: number
  /** `max.message.bytes`: one batch, as it is stored. */
  readonly maxMessageBytes: number
  /** `message.timestamp.type` */
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  /** `message.timestamp.before.max.ms`; Infinity when unlimited. */
  readonly timestampBeforeMaxMs: number
  /** `message.timestamp.after.max.ms`; Infinity when unlimited. */
  readonly timestampAfterMaxMs: number
  /** `compression.type`; `producer` keeps what the producer sent. */
  readonly compression: CompressionType | 'producer'
  /** `compression.<type>.level`; null is the codec's own default. */
  readonly compressionLevel: number | null
  readonly durability: Durability
  /** `producer.id.expiration.ms` */
  readonly producerIdExpirationMs: number
  /** `transaction.partition.verification.enable` (KIP-890) */
  readonly verifiesTransactions: boolean
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MiB = 1024 * 1024

/** Kafka's defaults of a topic on a broker with no settings, with group commit. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 1024 * MiB,
  segmentMs: 7 * DAY_MS,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 * MiB,
  indexIntervalBytes: 4096,
  deletes: true,
  compacts: false,
  retentionMs: 7 * DAY_MS,
  retentionBytes: -1,
  deleteRetentionMs: DAY_MS,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.POSITIVE_INFINITY,
  minCleanableDirtyRatio: 0.5,
  fileDeleteDelayMs: 60_000,
  maxMessageBytes: MiB + 12,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  timestampAfterMaxMs: HOUR_MS,
  compression: 'producer',
  compressionLevel: null,
  durability: { kind: 'group-commit' },
  producerIdExpirationMs: DAY_MS,
  verifiesTransactions: true,
}
