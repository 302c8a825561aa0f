/**
 * Sends records: gathers them into one batch for each partition, compresses, and retries what may be retried.
 *
 * One request per partition is under way at a time, so retries cannot change the order; with `idempotent` a
 * retry cannot double a record either (KIP-98). What `send` resolved is in the log as `acks` promises. After a send whose
 * fate is not known it goes on in the next producer epoch, as Kafka's does (KIP-360): the sequence may be taken, and what
 * came with it again would count as a duplicate.
 */
import { errorCode } from '../protocol/errors.ts'
import { initProducerId } from '../protocol/messages/init-producer-id.ts'
import { produce } from '../protocol/messages/produce.ts'
import { buildBatch, type NewRecord } from '../protocol/records/builder.ts'
import type { CompressionCodec } from '../protocol/records/compression.ts'
import { answeredError, ClientError } from './client-error.ts'
import type { Cluster } from './cluster.ts'
import { partitionOfKey } from './partitioner.ts'

export interface OutgoingRecord {
  readonly key?: Buffer | null
  readonly value: Buffer | null
  readonly headers?: NewRecord['headers']
  readonly timestampMs?: number
  readonly partition?: number
}

export interface ProducerOptions {
  /** 0, 1 or -1 (all in-sync replicas, the default). */
  readonly acks?: 0 | 1 | -1
  readonly compression?: CompressionCodec
  readonly idempotent?: boolean
  /** Uncompressed bytes of one batch at most. */
  readonly batchSizeBytesMax?: number
  readonly timeoutMs?: number
}

export interface SentBatch {
  readonly partition: number
  /** -1 with acks=0. */
  readonly baseOffset: number
  readonly count: number
}

interface Identity {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** The next sequence of each partition. */
  readonly sequences: Map<string, number>
}

/** Produce up to 12 names topics, which needs no look-up of ids. */
const VERSION_BY_NAME = 12
const BATCH_SIZE_BYTES_DEFAULT = 900_000
const RECORD_OVERHEAD_BYTES = 70
const PRODUCER_EPOCH_MAX = 32_767

/** The same producer in its next epoch; null when there is none left. */
function nextEpoch({ producerId, producerEpoch }: Identity): Promise<Identity> | null {
  if (producerEpoch >= PRODUCER_EPOCH_MAX) return null
  return Promise.resolve({ producerId, producerEpoch: producerEpoch + 1, sequences: new Map() })
}

export class Producer {
  readonly #cluster: Cluster
  readonly #options: Required<ProducerOptions>
  /** The tail of each partition's requests: the next one waits for it. */
  readonly #tails = new Map<string, Promise<unknown>>()
  #identity: Promise<Identity> | null = null
  #nextPartition = 0

  constructor(cluster: Cluster, options: ProducerOptions = {}) {
    this.#cluster = cluster
    this.#options = {
      acks: options.acks ?? -1,
      compression: options.compression ?? 'none',
      idempotent: options.idempotent ?? false,
      batchSizeBytesMax: options.batchSizeBytesMax ?? BATCH_SIZE_BYTES_DEFAULT,
      timeoutMs: options.timeoutMs ?? 30_000,
    }
    if (this.#options.idempotent && this.#options.acks !== -1)
      throw new ClientError('UNSUPPORTED', 'an idempotent producer needs acks=all', false)
  }

  /** Sends records to a topic, which is created when it is missing and the cluster allows it. */
  async send(topic: string, records: readonly OutgoingRecord[]): Promise<SentBatch[]> {
    const { partitions } = await this.#cluster.topic(topic, true)
    const byPartition = new Map<number, NewRecord[]>()
    for (const record of records) {
      const partition = record.partition ?? this.#partitionOf(record, partitions.length)
      const list = byPartition.get(partition) ?? []
      byPartition.set(partition, list)
      list.push({
        key: record.key ?? null,
        value: record.value,
        timestampMs: record.timestampMs ?? this.#cluster.world.clock.wallMs(),
        ...(record.headers === undefined ? {} : { headers: record.headers }),
      })
    }
    const sent = [...byPartition].map(async ([partition, list]) => {
      const batches: SentBatch[] = []
      for (const chunk of this.#chunks(list)) batches.push(await this.#enqueue(topic, partition, chunk))
      return batches
    })
    return (await Promise.all(sent)).flat()
  }

  #partitionOf(record: OutgoingRecord, count: number): number {
    if (record.key != null) return partitionOfKey(record.key, count)
    return this.#nextPartition++ % count
  }

  *#chunks(records: readonly NewRecord[]): Generator<NewRecord[]> {
    let chunk: NewRecord[] = []
    let sizeBytes = 0
    for (const record of records) {
      const recordBytes = (record.key?.length ?? 0) + (record.value?.length ?? 0) + RECORD_OVERHEAD_BYTES
      if (chunk.length > 0 && sizeBytes + recordBytes > this.#options.batchSizeBytesMax) {
        yield chunk
        chunk = []
        sizeBytes = 0
      }
      chunk.push(record)
      sizeBytes += recordBytes
    }
    if (chunk.length > 0) yield chunk
  }

  /** Waits for the partition's earlier requests, whatever became of them. */
  #enqueue(topic: string, partition: number, records: readonly NewRecord[]): Promise<SentBatch> {
    const key = `${topic}\0${partition}`
    const before = this.#tails.get(key) ?? Promise.resolve()
    const mine = before.then(() => this.#sendBatch(topic, partition, records))
    const settled = mine.then(
      () => {},
      () => {},
    )
    this.#tails.set(key, settled)
    return mine
  }

  async #sendBatch(topic: string, partition: number, records: readonly NewRecord[]): Promise<SentBatch> {
    const opening = this.#options.idempotent ? this.#producerIdentity() : null
    const identity = await opening
    const key = `${topic}\0${partition}`
    const baseSequence = identity?.sequences.get(key) ?? 0
    const batch = this.#batch(records, identity, baseSequence)
    try {
      const baseOffset = await this.#cluster.retrying(() =>
        this.#cluster.atLeader(topic, partition, (leader) => this.#produce(leader, topic, partition, batch)),
      )
      identity?.sequences.set(key, (baseSequence + records.length) % 2 ** 31)
      return { partition, baseOffset, count: records.length }
    } catch (error) {
      if (identity !== null && this.#identity === opening) this.#identity = nextEpoch(identity)
      throw error
    }
  }

  #batch(records: readonly NewRecord[], identity: Identity | null, baseSequence: number): Buffer {
    const sequenced =
      identity === null
        ? {}
        : { producerId: identity.producerId, producerEpoch: identity.producerEpoch, baseSequence }
    return buildBatch(records, { compression: this.#options.compression, ...sequenced })
  }

  async #produce(leader: number, topic: string, partition: number, batch: Buffer): Promise<number> {
    const { acks, timeoutMs } = this.#options
    const body = {
      transactionalId: null,
      acks,
      timeoutMs,
      topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }],
    }
    const connection = await this.#cluster.connection(leader)
    if (acks === 0) {
      connection.post(produce, body)
      return -1
    }
    const answer = await connection.request(produce, body, {
      versionMax: VERSION_BY_NAME,
      timeoutMs: timeoutMs + 5_000,
    })
    const result = answer.responses[0]?.partitionResponses[0]
    if (result === undefined)
      throw new ClientError('BAD_ANSWER', `the answer to a produce request names no partition`, false)
    if (result.errorCode === errorCode.DUPLICATE_SEQUENCE_NUMBER) return -1
    if (result.errorCode !== 0) {
      const details = result.recordErrors
        .map((error) => error.batchIndexErrorMessage)
        .filter((text) => text !== null)
      throw answeredError(
        result.errorCode,
        `${topic}-${partition}`,
        details.length > 0 ? details.join('; ') : result.errorMessage,
      )
    }
    return Number(result.baseOffset)
  }

  #producerIdentity(): Promise<Identity> {
    if (this.#identity !== null) return this.#identity
    const opening = this.#cluster.retrying(async () => {
      const answer = await this.#cluster.request(null, initProducerId, {
        transactionalId: null,
        transactionTimeoutMs: 0,
      })
      if (answer.errorCode !== 0) throw answeredError(answer.errorCode, 'producer id')
      const { producerId, producerEpoch } = answer
      return { producerId, producerEpoch, sequences: new Map() }
    })
    this.#identity = opening
    opening.catch(() => {
      if (this.#identity === opening) this.#identity = null
    })
    return opening
  }
}
