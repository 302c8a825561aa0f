/**
 * All that this node follows: each partition with one fetcher of its leader, moved as the metadata says.
 *
 * A fetcher lives as long as it has partitions. It decides nothing but which fetcher copies what.
 */
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import type { Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import { SlabPool } from '../network/slab-pool.ts'
import type { Partition } from '../partitions/partition.ts'
import type { ReplicaFollowing } from '../partitions/replica-following.ts'
import type { FetcherEnvironment } from './fetcher-environment.ts'
import { type FollowedOwner, FollowedPartition } from './followed-partition.ts'
import { type LeaderEndpoint, ReplicaFetcher } from './replica-fetcher.ts'
import { ReplicationMetrics } from './replication-metrics.ts'
import { ReplicationThrottle } from './replication-throttle.ts'

export class ReplicaFetchers implements ReplicaFollowing, FollowedOwner {
  readonly #environment: FetcherEnvironment
  readonly #metrics: ReplicationMetrics
  readonly #followed = new Map<Partition, FollowedPartition>()
  readonly #fetcherOf = new Map<FollowedPartition, ReplicaFetcher>()
  /** By leader and slot. */
  readonly #fetchers = new Map<string, ReplicaFetcher>()
  readonly #throttle: ReplicationThrottle
  /** What leaders send is read into these. */
  readonly #slabs = new SlabPool()
  /** Fetches of all fetchers, in order. */
  #asked = 0
  #tick: Timer | null = null
  #stopped = false

  constructor(environment: FetcherEnvironment) {
    this.#environment = environment
    this.#throttle = new ReplicationThrottle('follower', environment.nodeId, environment.world.clock)
    this.#metrics = new ReplicationMetrics(environment.metrics, {
      maxLag: () => this.maxLag,
      failedPartitions: () => this.#failedCount(),
      memoryBytes: () => this.#slabs.lentBytes,
    })
  }

  /** Offsets by which the slowest followed partition is behind what its leader told. */
  get maxLag(): number {
    let lag = 0
    for (const followed of this.#followed.values())
      lag = Math.max(lag, followed.leaderHighWatermark - followed.partition.log.logEndOffset)
    return lag
  }

  follow(partition: Partition, leader: number, leaderEpoch: number): void {
    if (this.#stopped) return
    const followed = this.#followed.get(partition) ?? this.#begin(partition)
    const before = this.#fetcherOf.get(followed)
    if (before !== undefined && before.leader !== leader) this.#detach(followed)
    followed.leaderKnown(leader, leaderEpoch)
    if (leader < 0 || this.#fetcherOf.has(followed)) return
    const fetcher = this.#fetcher(leader, this.#slotOf(partition))
    this.#fetcherOf.set(followed, fetcher)
    fetcher.add(followed)
  }

  unfollow(partition: Partition): void {
    const followed = this.#followed.get(partition)
    if (followed === undefined) return
    this.#followed.delete(partition)
    this.#detach(followed)
    followed.end()
  }

  followed(image: MetadataImage): void {
    if (this.#stopped) return
    this.#throttle.follow(image)
    for (const [key, fetcher] of this.#fetchers) {
      if (fetcher.size > 0) {
        fetcher.setEndpoint(this.#endpointOf(image, fetcher.leader))
        continue
      }
      fetcher.stop()
      this.#fetchers.delete(key)
    }
    this.#scheduleTick()
  }

  wishChanged(followed: FollowedPartition): void {
    this.#fetcherOf.get(followed)?.wishChanged(followed)
  }

  backedOff(followed: FollowedPartition, untilMs: number): void {
    this.#fetcherOf.get(followed)?.backedOff(followed, untilMs)
  }

  persistedMoved(followed: FollowedPartition): void {
    this.#fetcherOf.get(followed)?.persistedMoved(followed)
  }

  /** Follows nobody any more; logs stay as they are. */
  stop(): void {
    this.#stopped = true
    this.#tick?.cancel()
    for (const fetcher of this.#fetchers.values()) fetcher.stop()
    for (const followed of this.#followed.values()) followed.end()
    this.#fetchers.clear()
    this.#fetcherOf.clear()
    this.#followed.clear()
  }

  #begin(partition: Partition): FollowedPartition {
    const { world, settings } = this.#environment
    const backOffMsMax = settings.number('replica.fetch.backoff.ms')
    const followed = new FollowedPartition(partition, this, world, this.#metrics, backOffMsMax)
    this.#followed.set(partition, followed)
    return followed
  }

  #detach(followed: FollowedPartition): void {
    this.#fetcherOf.get(followed)?.remove(followed)
    this.#fetcherOf.delete(followed)
  }

  /** Which of the leader's fetchers a partition belongs to; `num.replica.fetchers` of them share its partitions. */
  #slotOf(partition: Partition): number {
    const slots = Math.max(1, this.#environment.settings.number('num.replica.fetchers'))
    let hash = partition.index
    for (const character of partition.topicId) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521
    return hash % slots
  }

  #fetcher(leader: number, slot: number): ReplicaFetcher {
    const key = `${leader}/${slot}`
    const known = this.#fetchers.get(key)
    if (known !== undefined) return known
    const fetcher = new ReplicaFetcher(
      leader,
      slot,
      this.#environment,
      this.#metrics,
      this.#throttle,
      this.#slabs,
      () => ++this.#asked,
    )
    this.#fetchers.set(key, fetcher)
    return fetcher
  }

  #endpointOf(image: MetadataImage, leader: number): LeaderEndpoint | null {
    const broker = image.brokers.get(leader)
    if (broker === undefined) return null
    const name = this.#environment.interBrokerListener()
    const endpoint = broker.endPoints.find((candidate) => candidate.name === name) ?? broker.endPoints[0]
    if (endpoint === undefined) return null
    return { host: endpoint.host, port: endpoint.port, brokerEpoch: broker.epoch }
  }

  /** Damage that a read found is not told by the log: it is looked for. */
  #scheduleTick(): void {
    if (this.#tick !== null || this.#stopped || this.#followed.size === 0) return
    const { clock } = this.#environment.world
    this.#tick = clock.schedule(limits.isrTickMs, () => {
      this.#tick = null
      const nowMs = clock.monotonicMs()
      for (const followed of this.#followed.values()) {
        if (followed.partition.log.damage === null) continue
        followed.tick(nowMs)
        this.wishChanged(followed)
      }
      this.#scheduleTick()
    })
  }

  #failedCount(): number {
    let count = 0
    for (const followed of this.#followed.values()) if (followed.isFailed) count++
    return count
  }
}
