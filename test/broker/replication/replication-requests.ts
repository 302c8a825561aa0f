/** Requests of producers, consumers and followers, as replication tests send them. */
import type { BrokerConnection } from '../../../src/client/connection.ts'
import { fetch } from '../../../src/protocol/messages/fetch.ts'
import { produce } from '../../../src/protocol/messages/produce.ts'
import { testBatch } from '../../storage/support/batches.ts'

/** Sequences of an idempotent producer. */
interface Sequenced {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
}

/** A batch of so many records. */
export function batch(count = 1, value = 'v', producer?: Sequenced): Buffer {
  return testBatch({
    ...producer,
    records: Array.from({ length: count }, (_, i) => ({ key: null, value: `${value}${i}` })),
  })
}

/** Produces one batch to one partition; the answer is that partition's. */
export async function produceTo(
  connection: BrokerConnection,
  topicId: string,
  options: {
    acks?: number
    count?: number
    index?: number
    timeoutMs?: number
    value?: string
    producer?: Sequenced
  } = {},
) {
  const { acks = -1, count = 1, index = 0, timeoutMs = 30_000, value = 'v', producer } = options
  const answer = await connection.request(produce, {
    transactionalId: null,
    acks,
    timeoutMs,
    topicData: [{ topicId, partitionData: [{ index, records: batch(count, value, producer) }] }],
  })
  const part = answer.responses[0]?.partitionResponses[0]
  if (part === undefined) throw new Error('an answer without the partition')
  return part
}

/** Fetches one partition, as a consumer or as a replica; the answer is whole, `part` that partition's. */
export async function fetchFrom(
  connection: BrokerConnection,
  topicId: string,
  options: {
    offset?: number
    index?: number
    replica?: { id: number; epoch: bigint }
    leaderEpoch?: number
    lastFetchedEpoch?: number
    rackId?: string
    maxWaitMs?: number
    /** Of an incremental session: 0 and 0 begin one; a later epoch names no partition, unless told to. */
    session?: { id: number; epoch: number; names?: boolean }
  } = {},
) {
  const { offset = 0, index = 0, replica, leaderEpoch = -1, lastFetchedEpoch = -1 } = options
  const answer = await connection.request(fetch, {
    ...(replica === undefined
      ? {}
      : { replicaState: { replicaId: replica.id, replicaEpoch: replica.epoch } }),
    maxWaitMs: options.maxWaitMs ?? 0,
    minBytes: 1,
    maxBytes: 1_000_000,
    isolationLevel: 0,
    sessionId: options.session?.id ?? 0,
    sessionEpoch: options.session?.epoch ?? -1,
    topics:
      (options.session?.epoch ?? 0) > 0 && options.session?.names !== true
        ? []
        : [
            {
              topicId,
              partitions: [
                {
                  partition: index,
                  currentLeaderEpoch: leaderEpoch,
                  fetchOffset: BigInt(offset),
                  lastFetchedEpoch,
                  partitionMaxBytes: 1_000_000,
                },
              ],
            },
          ],
    forgottenTopicsData: [],
    rackId: options.rackId ?? '',
  })
  return { answer, part: answer.responses[0]?.partitions[0] }
}
