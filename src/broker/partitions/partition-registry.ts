/**
 * Every partition that this broker holds, found by name or topic id, kept as the metadata image says.
 *
 * It alone opens, moves and deletes logs in answer to image changes, and tells who is followed; requests only look
 * partitions up. The leader machines learn of time and of brokers here.
 */
import type { MetadataDelta } from '../../coordination/metadata/delta.ts'
import { type MetadataImage, type PartitionImage, topicByName } from '../../coordination/metadata/image.ts'
import type { LeaderSettings } from '../../coordination/replication/partition-leader.ts'
import { errorCode } from '../../protocol/errors.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { Counter, MetricsRegistry } from '../../runtime/metrics.ts'
import type { AppendSuccess } from '../../storage/append-outcome.ts'
import type { LogConfig } from '../../storage/log-config.ts'
import type { PartitionLog } from '../../storage/partition-log.ts'
import { LeaderReplication } from '../replication/leader-replication.ts'
import { Partition } from './partition.ts'
import { noController, type PartitionController } from './partition-controller.ts'
import { noFollowing, type ReplicaFollowing } from './replica-following.ts'
import { ReplicationGauges } from './replication-gauges.ts'

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

/** How partitions with several replicas reach the rest of the cluster. */
export interface PartitionReplication {
  readonly controller: PartitionController
  readonly following: ReplicaFollowing
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
  /** What followers copy from here. */
  readonly replication: LeaderReplication
  readonly #nodeId: number
  readonly #cluster: PartitionReplication
  readonly #messagesIn: Counter
  readonly #bytesIn: Counter
  /** Partitions without a log, by topic and index. */
  readonly #homeless = new Map<string, Homeless>()
  #homelessRetryMs = 0
  #image: MetadataImage | null = null
  /** Brokers that are neither fenced nor stopping, and their epochs. */
  #brokerEpochs: ReadonlyMap<number, bigint> = new Map()
  /** Partitions with several replicas, whose leaders have to be told the time. */
  readonly #replicated = new Set<Partition>()
  #tick: Timer | null = null
  #stopped = false
  readonly #gauges: ReplicationGauges

  constructor(
    nodeId: number,
    store: LogStore,
    settings: TopicSettings,
    clock: Clock,
    metrics: MetricsRegistry,
    replication: PartitionReplication = { controller: noController, following: noFollowing },
  ) {
    this.#cluster = replication
    this.replication = new LeaderReplication(nodeId, clock, metrics)
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
    this.#gauges = new ReplicationGauges(metrics, this)
  }

  /** False when another node may lead it by now without this one knowing: not all in sync with it keep asking. */
  surelyLeads({ isLeader, assigned }: Partition): boolean {
    if (!isLeader) return false
    const nowMs = this.#clock.monotonicMs()
    const { contact } = this.replication
    return assigned.isr.every((replica) => replica === this.#nodeId || contact.isSteady(replica, nowMs))
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

  /** The newest image that was followed; null before the first. */
  get image(): MetadataImage | null {
    return this.#image
  }

  /** Active brokers and their epochs. */
  get brokerEpochs(): ReadonlyMap<number, bigint> {
    return this.#brokerEpochs
  }

  /** Partitions of ours that no directory holds. */
  get homelessCount(): number {
    return this.#homeless.size
  }

  /** Tells no leader the time any more, so that none asks for anything. */
  stop(): void {
    this.#stopped = true
    this.#tick?.cancel()
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
    this.replication.leaderThrottle.follow(image)
    if (isStart || delta.brokersChanged.length > 0) this.#followBrokers(image)
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
    this.#cluster.following.followed(image)
    this.#scheduleTick()
  }

  #followBrokers(image: MetadataImage): void {
    const epochs = new Map<number, bigint>()
    for (const broker of image.brokers.values())
      if (!broker.fenced && !broker.inControlledShutdown) epochs.set(broker.id, broker.epoch)
    this.#brokerEpochs = epochs
    for (const partition of this.#replicated) partition.brokersChanged(epochs)
  }

  #scheduleTick(): void {
    if (this.#tick !== null || this.#stopped || this.#replicated.size === 0) return
    this.#tick = this.#clock.schedule(limits.isrTickMs, () => {
      this.#tick = null
      const nowMs = this.#clock.monotonicMs()
      for (const partition of this.#replicated) partition.tick(nowMs)
      this.#scheduleTick()
    })
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
    const known = this.#byId.get(topicId)?.partitions.get(index)
    if (!assigned.replicas.includes(this.#nodeId)) {
      this.#homeless.delete(`${topicName}\0${index}`)
      if (known !== undefined) this.#drop(known)
      return
    }
    const partition = known ?? this.#open(topicName, topicId, index, assigned, existed)
    if (partition === null) return
    if (assigned.replicas.length > 1) this.#replicated.add(partition)
    else this.#replicated.delete(partition)
    const { following } = this.#cluster
    if (assigned.leader === this.#nodeId) following.unfollow(partition)
    const isrBefore = partition.assigned.isr
    partition.assignmentChanged(assigned, this.#clock.monotonicMs())
    if (known !== undefined && partition.isLeader) this.#gauges.isrChanged(isrBefore, assigned.isr)
    if (assigned.leader !== this.#nodeId) following.follow(partition, assigned.leader, assigned.leaderEpoch)
  }

  #open(
    topicName: string,
    topicId: string,
    index: number,
    assigned: PartitionImage,
    existed: boolean,
  ): Partition | null {
    const key = `${topicName}\0${index}`
    const log = this.#store.open(topicName, topicId, index, this.#settings.logConfig(topicName), existed)
    if (log === null) {
      this.#homeless.set(key, { topicName, topicId, index })
      return null
    }
    this.#homeless.delete(key)
    const partition = new Partition(log, {
      nodeId: this.#nodeId,
      topicId,
      assigned,
      settings: this.#settings.leaderSettings(topicName),
      brokerEpochs: this.#brokerEpochs,
      controller: this.#cluster.controller,
      nowMs: this.#clock.monotonicMs(),
    })
    this.#topic(topicName, topicId).partitions.set(index, partition)
    return partition
  }

  /** Another broker has this replica now (a reassignment): ours goes. */
  #drop(partition: Partition): void {
    this.#byId.get(partition.topicId)?.partitions.delete(partition.index)
    this.#replicated.delete(partition)
    this.#cluster.following.unfollow(partition)
    partition.remove(errorCode.NOT_LEADER_OR_FOLLOWER)
    this.#store.delete(partition.topic, partition.index)
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
      this.#replicated.delete(partition)
      this.#cluster.following.unfollow(partition)
      partition.remove()
      this.#store.delete(name, partition.index)
    }
  }
}
