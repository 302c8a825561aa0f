/**
 * Reads a topic's records in order of their partitions: alone from chosen offsets, or as a member of a group
 * that commits what was handled.
 *
 * The handler's promise is awaited before more is fetched, so memory stays bounded by one answer. In a group,
 * offsets are committed after the handler, never before it: at least once.
 */
import { offsetFetch } from '../protocol/messages/offset-fetch.ts'
import { answeredError } from './client-error.ts'
import type { Cluster } from './cluster.ts'
import {
  EARLIEST,
  type FetchedPartition,
  Fetcher,
  type FetcherOptions,
  LATEST,
  lookUpOffset,
} from './fetcher.ts'
import { type AssignedPartition, GroupMember } from './group-member.ts'

export interface ConsumerOptions {
  readonly fromBeginning?: boolean
  readonly maxWaitMs?: number
  readonly maxBytes?: number
  readonly readCommitted?: boolean
  readonly sessionTimeoutMs?: number
  readonly rebalanceTimeoutMs?: number
}

/** Handles what came; false ends the reading. */
export type RecordHandler = (fetched: FetchedPartition) => Promise<boolean>

/** The last version with one group by name. */
const OFFSET_FETCH_VERSION = 7
const HEARTBEAT_MS = 3_000
const NO_OFFSET = -1

function fetcherOptions(options: ConsumerOptions): FetcherOptions {
  return {
    maxWaitMs: options.maxWaitMs ?? 500,
    minBytes: 1,
    maxBytes: options.maxBytes ?? 16 * 1024 * 1024,
    maxBytesPerPartition: 4 * 1024 * 1024,
    readCommitted: options.readCommitted ?? false,
    resetTo: options.fromBeginning === true ? EARLIEST : LATEST,
  }
}

/** Committed offsets of a group for some partitions; -1 where there is none. */
export async function committedOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly AssignedPartition[] | null,
): Promise<{ topic: string; partition: number; offset: number; metadata: string }[]> {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of partitions ?? [])
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition])
  const topics =
    partitions === null ? null : [...byTopic].map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
  const ask = async (node: number) => {
    const answer = await cluster.request(
      node,
      offsetFetch,
      { groupId, topics },
      { versionMax: OFFSET_FETCH_VERSION },
    )
    if (answer.errorCode !== 0) throw answeredError(answer.errorCode, `group ${groupId}`)
    return answer.topics.flatMap((topic) =>
      topic.partitions.map((part) => ({
        topic: topic.name,
        partition: part.partitionIndex,
        offset: Number(part.committedOffset),
        metadata: part.metadata ?? '',
      })),
    )
  }
  return cluster.retrying(() => cluster.atCoordinator(groupId, ask))
}

export class Consumer {
  readonly #cluster: Cluster
  readonly #options: ConsumerOptions
  #stopped = false

  constructor(cluster: Cluster, options: ConsumerOptions = {}) {
    this.#cluster = cluster
    this.#options = options
  }

  /** Lets the reading end after the answer under way. */
  stop(): void {
    this.#stopped = true
  }

  /** Reads partitions from given offsets on, until the handler or `stop` ends it. */
  async readFrom(
    positions: readonly { topic: string; partition: number; offset: number }[],
    handle: RecordHandler,
    idle: () => boolean = () => true,
  ): Promise<void> {
    const fetcher = new Fetcher(this.#cluster, fetcherOptions(this.#options))
    fetcher.assign(positions)
    while (!this.#stopped) {
      const fetched = await fetcher.poll()
      if (fetched.length === 0 && !idle()) return
      for (const part of fetched) if (!(await handle(part))) return
    }
  }

  /** Reads as a member of a group, through all its rebalances, until the handler or `stop` ends it. */
  async readAsMember(
    groupId: string,
    topics: readonly string[],
    handle: RecordHandler,
    idle: () => boolean = () => true,
  ): Promise<void> {
    const member = new GroupMember(this.#cluster, {
      groupId,
      topics,
      sessionTimeoutMs: this.#options.sessionTimeoutMs ?? 30_000,
      rebalanceTimeoutMs: this.#options.rebalanceTimeoutMs ?? 60_000,
    })
    try {
      let goesOn = true
      while (goesOn && !this.#stopped) goesOn = await this.#generation(groupId, member, handle, idle)
    } finally {
      await member.leave().catch(() => {})
    }
  }

  /** One generation; false when reading is to end. */
  async #generation(
    groupId: string,
    member: GroupMember,
    handle: RecordHandler,
    idle: () => boolean,
  ): Promise<boolean> {
    const share = await member.join()
    const fetcher = new Fetcher(this.#cluster, fetcherOptions(this.#options))
    fetcher.assign(await this.#startOffsets(groupId, share))
    const { clock } = this.#cluster.world
    let heartbeatDueMs = clock.monotonicMs() + HEARTBEAT_MS
    while (!this.#stopped) {
      const fetched = await fetcher.poll()
      if (fetched.length === 0 && !idle()) return false
      let goesOn = true
      for (const part of fetched) goesOn = (await handle(part)) && goesOn
      const handled = fetched.map(({ topic, partition }) => ({ topic, partition }))
      const offsets = fetcher.positions.filter((position) =>
        handled.some((part) => part.topic === position.topic && part.partition === position.partition),
      )
      if (!(await member.commit(offsets))) return true
      if (!goesOn) return false
      if (clock.monotonicMs() < heartbeatDueMs) continue
      if (!(await member.heartbeat())) return true
      heartbeatDueMs = clock.monotonicMs() + HEARTBEAT_MS
    }
    return false
  }

  async #startOffsets(
    groupId: string,
    share: readonly AssignedPartition[],
  ): Promise<{ topic: string; partition: number; offset: number }[]> {
    if (share.length === 0) return []
    const committed = await committedOffsets(this.#cluster, groupId, share)
    return Promise.all(
      share.map(async ({ topic, partition }) => {
        const known = committed.find((one) => one.topic === topic && one.partition === partition)
        if (known !== undefined && known.offset !== NO_OFFSET)
          return { topic, partition, offset: known.offset }
        const start = this.#options.fromBeginning === true ? EARLIEST : LATEST
        return { topic, partition, offset: await lookUpOffset(this.#cluster, topic, partition, start) }
      }),
    )
  }
}
