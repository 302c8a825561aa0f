/**
 * Reads partitions from their leaders, one fetch request for each broker at a time.
 *
 * The owner says which partitions from which offsets; records come back with their partition, in order. A
 * partition that moved, or whose offset is gone, is put right before the next turn: by looking up its leader
 * again, or by the owner's rule for lost offsets. Every fetch names the leader epoch in which it takes the broker for
 * the leader (KIP-320): a follower serves consumers too (KIP-392), so one that was deposed would go on answering, from
 * a log that may end earlier and begin later than the leader's.
 */
import { errorCode } from '../protocol/errors.ts'
import { type FetchRequestInput, type FetchResponse, fetch } from '../protocol/messages/fetch.ts'
import { listOffsets } from '../protocol/messages/list-offsets.ts'
import { answeredError, ClientError } from './client-error.ts'
import type { Cluster } from './cluster.ts'
import { decodeRecordSet, type ReceivedRecord } from './record-set.ts'

/** Special times of ListOffsets. */
export const LATEST = -1n
export const EARLIEST = -2n

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  readonly records: readonly ReceivedRecord[]
  readonly highWatermark: number
}

export interface FetcherOptions {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
  readonly readCommitted: boolean
  /** What to do when the offset is out of range; null: fail. */
  readonly resetTo: typeof LATEST | typeof EARLIEST | null
}

interface Position {
  readonly topic: string
  readonly partition: number
  offset: number
}

/** What is to be read of a leader in one turn. */
interface Wanted {
  readonly position: Position
  readonly leaderEpoch: number
}

/** The last version by name: it needs no look-up of topic ids. */
const VERSION_BY_NAME = 12
const ANSWER_SLACK_MS = 10_000
/** After a refusal, which comes at once: a broker that leads by now may still have to hear of it. */
const RETRY_PAUSE_MS = 100

function keyOf(topic: string, partition: number): string {
  return `${topic}\0${partition}`
}

/** Finds an offset by time, or one of the special ones. -1 where no record is as young. */
export async function lookUpOffset(
  cluster: Cluster,
  topic: string,
  partition: number,
  timestamp: bigint,
): Promise<number> {
  return cluster.retrying(() =>
    cluster.atLeader(topic, partition, async (leader) => {
      const answer = await cluster.request(leader, listOffsets, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }],
      })
      const found = answer.topics[0]?.partitions[0]
      if (found === undefined) throw new ClientError('BAD_ANSWER', 'the answer names no partition', false)
      if (found.errorCode !== 0) throw answeredError(found.errorCode, `${topic}-${partition}`)
      return Number(found.offset)
    }),
  )
}

export class Fetcher {
  readonly #cluster: Cluster
  readonly #options: FetcherOptions
  #positions = new Map<string, Position>()

  constructor(cluster: Cluster, options: FetcherOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** Reads these partitions from these offsets on; all others are forgotten. */
  assign(positions: readonly { topic: string; partition: number; offset: number }[]): void {
    this.#positions = new Map(
      positions.map((position) => [keyOf(position.topic, position.partition), { ...position }]),
    )
  }

  /** Offset of the next record of each partition. */
  get positions(): readonly Readonly<Position>[] {
    return [...this.#positions.values()]
  }

  /** Waits for records of any partition, at most `maxWaitMs`; empty when none came. */
  async poll(): Promise<FetchedPartition[]> {
    const byLeader = await this.#byLeader()
    if (byLeader.size === 0) {
      await this.#cluster.pause(this.#options.maxWaitMs)
      return []
    }
    const answers = [...byLeader].map(async ([leader, wanted]) => {
      try {
        return await this.#fetchFrom(leader, wanted)
      } catch (error) {
        if (!(error instanceof ClientError) || !error.retriable) throw error
        for (const { position } of wanted) this.#cluster.forget(position.topic)
        await this.#cluster.pause(RETRY_PAUSE_MS)
        return []
      }
    })
    return (await Promise.all(answers)).flat()
  }

  async #byLeader(): Promise<Map<number, Wanted[]>> {
    const byLeader = new Map<number, Wanted[]>()
    for (const position of this.#positions.values()) {
      const { leaderId, leaderEpoch } = await this.#cluster.leadership(position.topic, position.partition)
      const wanted = { position, leaderEpoch }
      const list = byLeader.get(leaderId)
      if (list === undefined) byLeader.set(leaderId, [wanted])
      else list.push(wanted)
    }
    return byLeader
  }

  async #fetchFrom(leader: number, wanted: readonly Wanted[]): Promise<FetchedPartition[]> {
    const { maxWaitMs, minBytes, maxBytes, readCommitted } = this.#options
    const body: FetchRequestInput = {
      replicaId: -1,
      maxWaitMs,
      minBytes,
      maxBytes,
      isolationLevel: readCommitted ? 1 : 0,
      topics: this.#topics(wanted),
      forgottenTopicsData: [],
    }
    const answer = await this.#cluster.request(leader, fetch, body, {
      versionMax: VERSION_BY_NAME,
      timeoutMs: maxWaitMs + ANSWER_SLACK_MS,
    })
    if (answer.errorCode !== 0) throw answeredError(answer.errorCode, 'fetch')
    const fetched: FetchedPartition[] = []
    let isRefused = false
    for (const topic of answer.responses) {
      for (const part of topic.partitions) {
        isRefused ||= part.errorCode !== 0
        const read = await this.#take(topic.topic, part)
        if (read !== null) fetched.push(read)
      }
    }
    if (isRefused && fetched.length === 0) await this.#cluster.pause(RETRY_PAUSE_MS)
    return fetched
  }

  #topics(wanted: readonly Wanted[]): FetchRequestInput['topics'] {
    const byTopic = new Map<string, FetchRequestInput['topics'][number]['partitions'][number][]>()
    for (const { position, leaderEpoch } of wanted) {
      const { topic, partition, offset } = position
      const list = byTopic.get(topic) ?? []
      byTopic.set(topic, list)
      list.push({
        partition,
        currentLeaderEpoch: leaderEpoch,
        fetchOffset: BigInt(offset),
        partitionMaxBytes: this.#options.maxBytesPerPartition,
      })
    }
    return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }))
  }

  async #take(
    topic: string,
    part: FetchResponse['responses'][number]['partitions'][number],
  ): Promise<FetchedPartition | null> {
    const position = this.#positions.get(keyOf(topic, part.partitionIndex))
    if (position === undefined) return null
    if (part.errorCode !== 0) {
      await this.#mend(position, part.errorCode)
      return null
    }
    if (part.records === null || part.records.length === 0) return null
    const aborted = this.#options.readCommitted ? (part.abortedTransactions ?? []) : []
    const { records, nextOffset } = decodeRecordSet(part.records, position.offset, aborted)
    position.offset = nextOffset
    return { topic, partition: part.partitionIndex, records, highWatermark: Number(part.highWatermark) }
  }

  /** Puts a partition right that could not be read, or throws what cannot be put right. */
  async #mend(position: Position, code: number): Promise<void> {
    const subject = `${position.topic}-${position.partition}`
    if (code === errorCode.OFFSET_OUT_OF_RANGE) {
      if (this.#options.resetTo === null) throw answeredError(code, `${subject} at offset ${position.offset}`)
      position.offset = await lookUpOffset(
        this.#cluster,
        position.topic,
        position.partition,
        this.#options.resetTo,
      )
      return
    }
    const error = answeredError(code, subject)
    if (!error.retriable) throw error
    this.#cluster.forget(position.topic)
  }
}
