/** Everyday requests on a bare connection, for tests that look at batches and answers themselves. */
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { fetch } from '../../src/protocol/messages/fetch.ts'
import { produce } from '../../src/protocol/messages/produce.ts'
import { buildBatch, type NewRecord } from '../../src/protocol/records/builder.ts'
import { type ReadBatch, readRecordSet } from '../../src/protocol/records/record-set.ts'
import type { RawConnection } from './raw-connection.ts'

const TIMEOUT_MS = 5_000
const BATCH_BYTES_MAX = 64 * 1024 * 1024

export type Batch = Extract<ReadBatch, { readonly magic: 2 }>

/** Creates a topic and answers its id; a refusal is an error of the test. */
export async function createTopic(
  connection: RawConnection,
  name: string,
  numPartitions = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await connection.request(createTopics, 7, {
    topics: [
      {
        name,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: TIMEOUT_MS,
  })
  const [topic] = answer.topics
  if (topic === undefined || topic.errorCode !== 0)
    throw new Error(`${name}: error ${topic?.errorCode} ${topic?.errorMessage}`)
  return topic.topicId
}

/** One batch of records with these values. */
export function batchOf(
  values: readonly string[],
  options: Parameters<typeof buildBatch>[1] = {},
  timestampMs = 1_700_000_000_000,
): Buffer {
  const records: NewRecord[] = values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs }))
  return buildBatch(records, options)
}

/** Produces to one partition; the answer is that partition's. */
export async function produceTo(
  connection: RawConnection,
  topic: string,
  records: Buffer | null,
  options: { readonly partition?: number; readonly acks?: number; readonly version?: number } = {},
) {
  const answer = await connection.request(produce, options.version ?? 8, {
    acks: options.acks ?? -1,
    timeoutMs: TIMEOUT_MS,
    topicData: [{ name: topic, partitionData: [{ index: options.partition ?? 0, records }] }],
  })
  const partition = answer.responses[0]?.partitionResponses[0]
  if (partition === undefined) throw new Error('a produce answer without a partition')
  return partition
}

export interface FetchOptions {
  readonly partition?: number
  readonly offset?: bigint
  readonly version?: number
  readonly minBytes?: number
  readonly maxWaitMs?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly isolationLevel?: number
}

/** The body of a fetch of one partition, without a session. */
export function fetchBody(topic: string, options: FetchOptions = {}) {
  return {
    maxWaitMs: options.maxWaitMs ?? 0,
    minBytes: options.minBytes ?? 1,
    maxBytes: options.maxBytes ?? 50_000_000,
    isolationLevel: options.isolationLevel ?? 0,
    topics: [
      {
        topic,
        partitions: [
          {
            partition: options.partition ?? 0,
            fetchOffset: options.offset ?? 0n,
            partitionMaxBytes: options.partitionMaxBytes ?? 50_000_000,
          },
        ],
      },
    ],
  }
}

/** Fetches one partition; the answer is that partition's. */
export async function fetchFrom(connection: RawConnection, topic: string, options: FetchOptions = {}) {
  const answer = await connection.request(fetch, options.version ?? 11, fetchBody(topic, options))
  const partition = answer.responses[0]?.partitions[0]
  if (partition === undefined) throw new Error('a fetch answer without a partition')
  return partition
}

/** The batches of a record set, every one of magic 2 and whole. */
export function batchesIn(records: Buffer | null): Batch[] {
  const set = readRecordSet(records ?? Buffer.alloc(0), BATCH_BYTES_MAX)
  if (!set.ok) throw new Error(set.error.message)
  if (set.value.trailingBytes !== 0) throw new Error(`${set.value.trailingBytes} bytes of a cut batch`)
  return set.value.batches.map((batch) => {
    if (batch.magic !== 2) throw new Error(`a batch of magic ${batch.magic}`)
    if (batch.records === null) throw new Error('a batch with a wrong checksum')
    return batch
  })
}

/** All batches of a partition from its first record on. */
export async function batchesOf(connection: RawConnection, topic: string, partition = 0): Promise<Batch[]> {
  const answer = await fetchFrom(connection, topic, { partition })
  return batchesIn(answer.records)
}

export function valuesOf(batches: readonly Batch[]): string[] {
  return batches.flatMap((batch) => (batch.records ?? []).map((record) => record.value?.toString() ?? 'null'))
}
