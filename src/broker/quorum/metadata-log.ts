/**
 * `__cluster_metadata-0` and its snapshots: the quorum's memory, in Kafka's formats.
 *
 * Records of one decision go into one batch, so that they are there together or not at all. At each start a
 * new leader epoch begins with a LeaderChange record, as a Raft leader's would. It decides nothing about the
 * records, and nothing is counted before `commit` has resolved.
 */
import { apply } from '../../coordination/metadata/apply.ts'
import { emptyImage, type MetadataImage } from '../../coordination/metadata/image.ts'
import type { MetadataRecord } from '../../coordination/metadata/record.ts'
import { snapshotRecords } from '../../coordination/metadata/snapshot.ts'
import { encodeToBuffer } from '../../protocol/codec/compile.ts'
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSizeBytes,
  isControl,
  recordCount,
} from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/builder.ts'
import { controlRecordTypeSchema, leaderChangeMessage } from '../../protocol/records/control-schemas.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../protocol/stored/metadata.ts'
import type { Clock } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { MetadataSnapshots } from '../../storage/metadata-snapshots.ts'
import type { PartitionLog } from '../../storage/partition-log.ts'
import type { LogSlice } from '../../storage/read-outcome.ts'
import { MetadataUnavailable } from './metadata-unavailable.ts'

const LEADER_CHANGE_TYPE = 2

export class MetadataLog {
  readonly #log: PartitionLog
  readonly #snapshots: MetadataSnapshots
  readonly #clock: Clock
  readonly #nodeId: number
  readonly #bytesBetweenSnapshots: () => number
  #leaderEpoch = 0
  #snapshotEpoch = 0
  #bytesSinceSnapshot = 0
  #snapshotRunning = false

  constructor(
    log: PartitionLog,
    snapshots: MetadataSnapshots,
    clock: Clock,
    nodeId: number,
    bytesBetweenSnapshots: () => number,
  ) {
    this.#log = log
    this.#snapshots = snapshots
    this.#clock = clock
    this.#nodeId = nodeId
    this.#bytesBetweenSnapshots = bytesBetweenSnapshots
  }

  get endOffset(): number {
    return this.#log.logEndOffset
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  /** The epoch after the last one that the log or its snapshots know; right after `replay`. */
  get nextEpoch(): number {
    return Math.max(this.#log.latestLeaderEpoch, this.#snapshotEpoch, 0) + 1
  }

  /** The image that snapshot and log make together. Throws when they cannot be read: nothing may start on less. */
  async replay(): Promise<MetadataImage> {
    let image = emptyImage
    const snapshot = this.#snapshots.latest()
    if (snapshot !== null) {
      image = applied(image, snapshot.values.map(decoded))
      this.#snapshotEpoch = snapshot.epoch
    }
    let offset = Math.max(this.#log.logStartOffset, snapshot?.endOffset ?? 0)
    while (offset < this.#log.writtenOffset) {
      const slice = await this.#read(offset)
      if (slice.sizeBytes === 0) break
      image = applied(image, recordsOf(Buffer.concat(slice.buffers), offset))
      this.#bytesSinceSnapshot += slice.sizeBytes
      offset = slice.nextOffset
      slice.release()
    }
    this.#log.setHighWatermark(this.#log.writtenOffset)
    return image
  }

  /** Begins a leader epoch; `quorum-state` must already say so. */
  begin(leaderEpoch: number): void {
    this.#leaderEpoch = leaderEpoch
    this.#log.assignLeaderEpoch(leaderEpoch)
    const voter = { voterId: this.#nodeId }
    const value = encodeToBuffer(leaderChangeMessage, 0, {
      version: 0,
      leaderId: this.#nodeId,
      voters: [voter],
      grantingVoters: [voter],
    })
    const key = Buffer.concat([
      Buffer.alloc(2),
      encodeToBuffer(controlRecordTypeSchema, 0, { type: LEADER_CHANGE_TYPE }),
    ])
    this.#append(
      buildBatch([{ key, value, timestampMs: this.#clock.wallMs() }], { isControl: true, leaderEpoch }),
    )
  }

  /** Queues the records of one decision. */
  append(records: readonly MetadataRecord[]): void {
    const timestampMs = this.#clock.wallMs()
    this.#append(
      buildBatch(
        records.map((record) => ({ key: null, value: encodeMetadataRecord(record), timestampMs })),
        { leaderEpoch: this.#leaderEpoch },
      ),
    )
  }

  /**
   * Resolves when everything appended is on the disk. Rejects with `MetadataUnavailable` when the log ends before
   * some of it for want of room, with another error when the log has failed for good.
   */
  commit(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#log.whenDurable((durable) => {
        if (!durable) {
          reject(
            this.#log.isOffline || this.#log.damage !== null
              ? new Error('the metadata log cannot be written any more')
              : new MetadataUnavailable(),
          )
          return
        }
        this.#log.setHighWatermark(this.#log.durableOffset)
        resolve()
      })
    })
  }

  /** Writes a snapshot when the log has grown enough since the last; at most one at a time. */
  async snapshotIfDue(image: MetadataImage): Promise<void> {
    if (this.#snapshotRunning || this.#bytesSinceSnapshot < this.#bytesBetweenSnapshots()) return
    this.#snapshotRunning = true
    this.#bytesSinceSnapshot = 0
    try {
      await this.#snapshots.write(
        this.endOffset,
        this.#leaderEpoch,
        encodedRecords(image),
        this.#clock.wallMs(),
      )
    } finally {
      this.#snapshotRunning = false
    }
  }

  #append(batch: Buffer): void {
    const outcome = this.#log.append(batch, {
      origin: 'coordinator',
      leaderEpoch: this.#leaderEpoch,
      nowMs: this.#clock.wallMs(),
    })
    if (!outcome.ok) throw new Error(`the metadata log refused an append: ${outcome.message}`)
    this.#bytesSinceSnapshot += batch.length
  }

  #read(offset: number): Promise<LogSlice> {
    return new Promise((resolve, reject) => {
      const options = {
        sizeBytesMax: limits.readChunkBytes,
        upperBoundOffset: this.#log.writtenOffset,
        atLeastOneBatch: true,
        skipsEmptyBatches: false,
      }
      this.#log.read(offset, options, (outcome) => {
        if (outcome.ok) resolve(outcome)
        else reject(new Error(`the metadata log cannot be read at offset ${offset}: ${outcome.message}`))
      })
    })
  }
}

function applied(image: MetadataImage, records: readonly MetadataRecord[]): MetadataImage {
  const result = apply(image, records)
  if (!result.ok)
    throw new Error(
      `the metadata log holds a record that cannot be applied: ${JSON.stringify(result.problem)}`,
    )
  return result.image
}

function decoded(value: Buffer): MetadataRecord {
  const record = decodeMetadataRecord(value)
  if (!record.ok)
    throw new Error(`the metadata log holds a record that cannot be read: ${record.error.message}`)
  return record.value
}

/** The metadata records in whole batches, from `fromOffset` on. */
function recordsOf(batches: Buffer, fromOffset: number): MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (let position = 0; position < batches.length; position += batchSizeBytes(batches, position)) {
    if (isControl(batches, position)) continue
    const payload = batches.subarray(
      position + BATCH_HEADER_BYTES,
      position + batchSizeBytes(batches, position),
    )
    const batch = decodeRecords(payload, recordCount(batches, position))
    if (!batch.ok)
      throw new Error(`the metadata log holds a batch that cannot be read: ${batch.error.message}`)
    const base = baseOffset(batches, position)
    for (const record of batch.value) {
      if (base + record.offsetDelta >= fromOffset && record.value !== null)
        records.push(decoded(record.value))
    }
  }
  return records
}

function* encodedRecords(image: MetadataImage): Generator<Buffer> {
  for (const record of snapshotRecords(image)) yield encodeMetadataRecord(record)
}
