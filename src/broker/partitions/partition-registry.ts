/**
 * Every partition that this broker holds, found by name or topic id, kept as the metadata image says.
 *
 * It alone opens, moves and deletes logs in answer to image changes; requests only look partitions up.
 */
import type { MetadataDelta } from '../../coordination/metadata/delta.ts'
import { type MetadataImage, type PartitionImage, topicByName } from '../../coordination/metadata/image.ts'
import type { LeaderSettings } from '../../coordination/replication/partition-leader.ts'
import { errorCode } from '../../protocol/errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Counter, MetricsRegistry } from '../../runtime/metrics.ts'
import type { AppendSuccess } from '../../storage/append-outcome.ts'
import type { LogConfig } from '../../storage/log-config.ts'
import type { PartitionLog } from '../../storage/partition-log.ts'
import { Partition } from './partition.ts'

/** Where logs come from; storage's log manager fills it. */
export interface LogStore {
  /**
   * The log of that partition, made when it is missing; null when no directory can hold it. One that `existed`
   * before this start is not made anew while a directory is offline, which may hold it.
   */
  open(
    topic: string,
    topicId: string,
    index: number,
    config: LogConfig,
    existed: boolean,
  ): PartitionLog | null
  delete(topic: string, index: number): void
}

/** A topic's settings as they hold now. */
export interface TopicSettings {
  logConfig(topic: string): LogConfig
  leaderSettings(topic: string): LeaderSettings
}

/** A partition of ours for which no directory had a place. */
interface Homeless {
  readonly topicName: string
  readonly topicId: string
  readonly index: number
}

/** How often a place is looked for, while somebody asks. */
const HOMELESS_RETRY_MS = 5_000

interface HostedTopic {
  readonly name: string
  readonly id: string
  readonly partitions: Map<number, Partition>
}

export class PartitionRegistry {
  readonly #byName = new Map<string, HostedTopic>()
  readonly #byId = new Map<string, HostedTopic>()
  readonly #store: LogStore
  readonly #settings: TopicSettings
  readonly #clock: Clock
  readonly #nodeId: number
  readonly #messagesIn: Counter
  readonly #bytesIn: Counter
  /** Partitions without a log, by topic and index. */
  readonly #homeless = new Map<string, Homeless>()
  #homelessRetryMs = 0
  #image: MetadataImage | null = null

  constructor(
    nodeId: number,
    store: LogStore,
    settings: TopicSettings,
    clock: Clock,
    metrics: MetricsRegistry,
  ) {
    this.#nodeId = nodeId
    this.#store = store
    this.#settings = settings
    this.#clock = clock
    this.#messagesIn = metrics.counter(
      'kafka_server_brokertopicmetrics_messagesin_total',
      'Records appended by producers.',
    )
    this.#bytesIn = metrics.counter(
      'kafka_server_brokertopicmetrics_bytesin_total',
      'Bytes of records appended by producers.',
    )
    metrics.gauge(
      'kafka_server_replicamanager_partitioncount',
      'Partitions on this broker.',
      () => this.count,
    )
    metrics.gauge('kafka_server_replicamanager_leadercount', 'Partitions that this broker leads.', () =>
      this.#leaders(),
    )
  }

  get count(): number {
    let count = 0
    for (const topic of this.#byName.values()) count += topic.partitions.size
    return count
  }

  /** The partition, or the error code that a client is told. */
  byName(name: string, index: number): Partition | number {
    const found = this.#byName.get(name)?.partitions.get(index)
    if (found !== undefined) return found
    const topic = this.#image === null ? undefined : topicByName(this.#image, name)
    if (topic?.partitions.get(index) === undefined) return errorCode.UNKNOWN_TOPIC_OR_PARTITION
    if (!this.#homeless.has(`${name}\0${index}`)) return errorCode.NOT_LEADER_OR_FOLLOWER
    this.#lookForHomes()
    return this.#byName.get(name)?.partitions.get(index) ?? errorCode.KAFKA_STORAGE_ERROR
  }

  byTopicId(topicId: string, index: number): Partition | number {
    const topic = this.#byId.get(topicId)
    if (topic !== undefined) return this.byName(topic.name, index)
    return this.#image?.topics.get(topicId) === undefined
      ? errorCode.UNKNOWN_TOPIC_ID
      : errorCode.NOT_LEADER_OR_FOLLOWER
  }

  *all(): Generator<Partition> {
    for (const topic of this.#byName.values()) yield* topic.partitions.values()
  }

  produced(_partition: Partition, outcome: AppendSuccess): void {
    this.#messagesIn.add(outcome.recordCount)
    this.#bytesIn.add(outcome.sizeBytes)
  }

  /** Follows the image: after it, this broker serves the new state. */
  follow(image: MetadataImage, delta: MetadataDelta): void {
    const isStart = this.#image === null
    this.#image = image
    for (const topic of delta.topicsDeleted) this.#delete(topic.name)
    for (const change of delta.partitionsChanged) {
      if (change.after === undefined) continue
      const existed = isStart || change.before !== undefined
      this.#host(change.topicName, change.topicId, change.partition, change.after, existed)
    }
    for (const name of this.#topicsToConfigure(delta)) {
      const hosted = this.#byName.get(name)
      if (hosted === undefined) continue
      const config = this.#settings.logConfig(name)
      const leaderSettings = this.#settings.leaderSettings(name)
      for (const partition of hosted.partitions.values()) {
        partition.log.updateConfig(config)
        partition.settingsChanged(leaderSettings)
      }
    }
  }

  #topicsToConfigure(delta: MetadataDelta): Iterable<string> {
    const names = new Set<string>()
    for (const resource of delta.configsChanged) {
      // A broker's setting is the default of every topic.
      if (resource.type === 4) return this.#byName.keys()
      if (resource.type === 2) names.add(resource.name)
    }
    return names
  }

  /** A disk that was full may have room now. */
  #lookForHomes(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < this.#homelessRetryMs) return
    this.#homelessRetryMs = nowMs + HOMELESS_RETRY_MS
    for (const { topicName, topicId, index } of [...this.#homeless.values()]) {
      const assigned = this.#image?.topics.get(topicId)?.partitions.get(index)
      if (assigned !== undefined) this.#host(topicName, topicId, index, assigned, true)
    }
  }

  #host(topicName: string, topicId: string, index: number, assigned: PartitionImage, existed: boolean): void {
    if (!assigned.replicas.includes(this.#nodeId)) return
    const hosted = this.#topic(topicName, topicId)
    const known = hosted.partitions.get(index)
    if (known !== undefined) {
      known.assignmentChanged(assigned, this.#clock.monotonicMs())
      return
    }
    const key = `${topicName}\0${index}`
    const config = this.#settings.logConfig(topicName)
    const log = this.#store.open(topicName, topicId, index, config, existed)
    if (log === null) {
      this.#homeless.set(key, { topicName, topicId, index })
      return
    }
    this.#homeless.delete(key)
    const facts = {
      nodeId: this.#nodeId,
      topicId,
      assigned,
      settings: this.#settings.leaderSettings(topicName),
      nowMs: this.#clock.monotonicMs(),
    }
    hosted.partitions.set(index, new Partition(log, facts))
  }

  #topic(name: string, id: string): HostedTopic {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const hosted = { name, id, partitions: new Map<number, Partition>() }
    this.#byId.set(id, hosted)
    this.#byName.set(name, hosted)
    return hosted
  }

  #delete(name: string): void {
    const hosted = this.#byName.get(name)
    if (hosted === undefined) return
    this.#byName.delete(name)
    this.#byId.delete(hosted.id)
    for (const [key, { topicId }] of this.#homeless) if (topicId === hosted.id) this.#homeless.delete(key)
    for (const partition of hosted.partitions.values()) {
      partition.remove()
      this.#store.delete(name, partition.index)
    }
  }

  #leaders(): number {
    let count = 0
    for (const partition of this.all()) if (partition.isLeader) count++
    return count
  }
}
