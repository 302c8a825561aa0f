/**
 * One node of a cluster, from start to stop: opens its storage, joins the metadata quorum, follows what it says, and,
 * where it is a broker, registers and serves.
 *
 * The same in every world: all that it touches of a machine is in `world`. A client is let in only when everything that
 * it may ask for is there; a stop hands over what others can take, answers what is under way and leaves a clean marker.
 */
import type { MetadataDelta } from '../coordination/metadata/delta.ts'
import { isEmptyDelta } from '../coordination/metadata/delta.ts'
import type { MetadataImage } from '../coordination/metadata/image.ts'
import { limits } from '../runtime/limits.ts'
import { MetricsRegistry } from '../runtime/metrics.ts'
import type { Listener } from '../runtime/network.ts'
import type { World } from '../runtime/world.ts'
import { BrokerLifecycle } from './broker-lifecycle.ts'
import { assembleParts, type BrokerParts } from './broker-parts.ts'
import { type BrokerStorage, openStorage } from './broker-storage.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import type { Endpoint } from './config/endpoints.ts'
import { Settings } from './config/settings.ts'
import { ClusterCounts } from './controller/cluster-counts.ts'
import { ControllerMetrics } from './controller/controller-metrics.ts'
import { cordonedAmong } from './cordoned-directories.ts'
import { deltaSlices } from './delta-slices.ts'
import { Dispatcher } from './dispatcher.ts'
import type { Handler } from './handler.ts'
import { handlers } from './handlers/index.ts'
import { Listeners } from './network/listeners.ts'
import { serveObservability } from './observability.ts'
import type { ClusterQuorum } from './quorum/metadata-quorum.ts'
import { openNodeQuorum } from './quorum/node-quorum.ts'
import { RaftMetrics } from './quorum/raft-metrics.ts'

/** How long a stop waits for requests under way. */
const STOP_GRACE_MS = 5_000
/** How long a stop waits until others lead what this broker led. */
const LEAVE_MS = 5_000
/** How long a start waits for groups to be read; later ones are read while others are served. */
const GROUP_LOAD_MS_MAX = 1_000

/** What a world of tests puts around a broker; production leaves it out. */
export interface BrokerOptions {
  /** Serve requests instead of `handlers`, for the same APIs. */
  readonly handlers?: readonly Handler[]
  /** Is told what this node follows, before it serves it. */
  readonly followed?: (image: MetadataImage, delta: MetadataDelta) => void
  /** Is told who leads the quorum, as far as this node knows; -1: nobody. */
  readonly leaderKnown?: (leaderId: number, leaderEpoch: number) => void
}

export interface Broker {
  /** Resolves when clients can connect; rejects with an error for people when it cannot start. */
  start(): Promise<void>
  /** Answers what is under way, writes everything down, and lets go. Idempotent. */
  stop(): Promise<void>
  /**
   * Calls back when this node cannot go on: the disk of its metadata log has failed, so that it knows nothing new of the
   * cluster. Its process must end at once, as Kafka's does, for others to take over what it leads.
   */
  onFailed(listener: (error: Error) => void): void
  /** Where it listens, with the ports that were picked; empty where this node is only a controller. */
  readonly endpoints: readonly Endpoint[]
}

class Node implements Broker {
  readonly #config: BrokerConfig
  readonly #world: World
  readonly #options: BrokerOptions
  readonly #metrics = new MetricsRegistry()
  readonly #settings: Settings
  #storage: BrokerStorage | null = null
  #quorum: ClusterQuorum | null = null
  #parts: BrokerParts | null = null
  #lifecycle: BrokerLifecycle | null = null
  #listeners: Listeners | null = null
  #observability: Listener | null = null
  #failed: (error: Error) => void = () => {}
  #ready = false
  #stopped: Promise<void> | null = null

  constructor(config: BrokerConfig, world: World, options: BrokerOptions) {
    this.#config = config
    this.#world = world
    this.#options = options
    this.#settings = new Settings(config.nodeId, config.statics)
  }

  get endpoints(): readonly Endpoint[] {
    return this.#listeners?.opened ?? []
  }

  async start(): Promise<void> {
    const config = this.#config
    const { network, log } = this.#world
    if (config.observability !== null)
      this.#observability = await serveObservability(
        network,
        config.observability,
        this.#metrics,
        () => this.#ready,
      )
    const storage = await openStorage(config, this.#settings, this.#world)
    this.#storage = storage
    const quorum = await openNodeQuorum(config, this.#settings, storage, this.#world)
    this.#quorum = quorum
    const raftMetrics = new RaftMetrics(this.#metrics, quorum, this.#world.clock)
    quorum.onFailed((error) => this.#failed(error))
    const { leaderKnown } = this.#options
    if (leaderKnown !== undefined) quorum.onLeaderKnown(leaderKnown)
    const parts = assembleParts(
      { config, world: this.#world, metrics: this.#metrics, settings: this.#settings, storage, quorum },
      () => this.#lifecycle?.epoch ?? -1n,
    )
    this.#parts = parts
    // What was deleted while this node was away must not be opened again, so nothing is before it has caught up.
    await quorum.whenCaughtUp()
    this.#countCluster(quorum, () => raftMetrics.lagMs)
    await quorum.follow((image, delta) => this.#follow(parts, image, delta))
    const { partitions } = parts.services
    storage.setStraysAside((topic, partition) => typeof partitions.byName(topic, partition) !== 'number')
    parts.services.moves.resume()
    if (config.quorum.roles.includes('broker')) await this.#serve(parts, storage, quorum)
    storage.startMaintenance()
    this.#ready = true
    log.info('broker started', {
      nodeId: config.nodeId,
      clusterId: storage.clusterId,
      partitions: partitions.count,
    })
  }

  onFailed(listener: (error: Error) => void): void {
    this.#failed = listener
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #follow(parts: BrokerParts, image: MetadataImage, delta: MetadataDelta): Promise<void> {
    if (isEmptyDelta(delta)) return
    this.#options.followed?.(image, delta)
    this.#settings.follow(image)
    if (delta.configsChanged.length > 0) this.#lifecycle?.beatSoon()
    const { partitions } = parts.services
    // At the start the logs are open already, and nobody relies on this node yet.
    const slices = partitions.image === null ? [delta] : deltaSlices(delta, limits.newPartitionsAtOnce)
    for (const slice of slices) {
      partitions.follow(image, slice)
      // Everything else that waits has its turn.
      if (slice.partitionsChanged.length < delta.partitionsChanged.length) await this.#pause(0)
    }
    parts.services.groups.follow(
      image,
      delta.topicsDeleted.map((topic) => topic.name),
    )
    parts.services.leaderDoubts.lookAgain()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.clock.schedule(ms, resolve))
  }

  #countCluster(quorum: ClusterQuorum, lagMs: () => number): void {
    const counts = new ClusterCounts(this.#config.nodeId, () => quorum.image)
    const { roles } = this.#config.quorum
    if (roles.includes('controller')) new ControllerMetrics(this.#metrics, quorum, counts, lagMs)
    if (roles.includes('broker'))
      this.#metrics.gauge(
        'kafka_server_replicamanager_reassigningpartitions',
        'Led partitions whose replicas are being moved.',
        () => counts.counts.reassigningHere,
      )
  }

  /** Opens the doors, joins the cluster, and lets clients in once it is a member. */
  async #serve(parts: BrokerParts, storage: BrokerStorage, quorum: ClusterQuorum): Promise<void> {
    const { services } = parts
    const dispatcher = new Dispatcher(services, this.#options.handlers ?? handlers)
    const listeners = new Listeners(this.#world, this.#metrics, this.#connectionBounds(), dispatcher)
    this.#listeners = listeners
    const opened = await listeners.open(this.#config.listeners)
    const lifecycle = new BrokerLifecycle({
      config: this.#config,
      quorum,
      controller: services.controller,
      world: this.#world,
      opened,
      directoryIds: storage.directoryIds,
      previousBrokerEpoch: storage.previousBrokerEpoch,
      cordonedDirectoryIds: () => this.#cordonedDirectoryIds(storage),
      heartbeatIntervalMs: () => this.#settings.number('broker.heartbeat.interval.ms'),
    })
    this.#lifecycle = lifecycle
    quorum.onLeaderKnown(() => lifecycle.beatSoon())
    await lifecycle.join()
    // Group clients would be told to come back; a short wait at the start spares them that.
    await services.groups.whenLoaded(GROUP_LOAD_MS_MAX)
    listeners.admit()
  }

  #cordonedDirectoryIds({ manager }: BrokerStorage): readonly string[] {
    const paths = manager.directories.map(({ path }) => path)
    const cordoned = cordonedAmong(this.#settings.list('cordoned.log.dirs'), paths)
    return manager.directories.flatMap(({ path, properties }) =>
      properties !== null && cordoned.includes(path) ? [properties.directoryId] : [],
    )
  }

  async #stop(): Promise<void> {
    this.#ready = false
    if (this.#hasCompany()) {
      await this.#lifecycle?.leave(LEAVE_MS)
      // Clients that have just been turned away ask who leads now, and many ask here.
      await this.#pause(limits.farewellMs)
    }
    await this.#listeners?.close(STOP_GRACE_MS)
    this.#parts?.close()
    await this.#quorum?.stop()
    await this.#storage?.close(this.#lifecycle?.epoch ?? -1n)
    await this.#observability?.close()
    this.#world.log.info('broker stopped', { nodeId: this.#config.nodeId })
  }

  /** Whether there is anybody who could take over what this broker leads. */
  #hasCompany(): boolean {
    const brokers = this.#quorum?.image.brokers.values() ?? []
    return [...brokers].some(({ id, fenced }) => id !== this.#config.nodeId && !fenced)
  }

  #connectionBounds() {
    const settings = this.#settings
    const affordable = Math.floor(this.#world.descriptorsMax * limits.descriptorsForConnectionsShare)
    return {
      connectionsMax: () => Math.min(limits.connectionsMax, affordable, settings.number('max.connections')),
      connectionsPerAddressMax: () =>
        Math.min(limits.connectionsPerAddressMax, settings.number('max.connections.per.ip')),
      idleMsMax: () => settings.number('connections.max.idle.ms'),
      frameSizeBytesMax: () => settings.number('socket.request.max.bytes'),
    }
  }
}

/** A node in that world; nothing happens before `start`. */
export function createBroker(config: BrokerConfig, world: World, options: BrokerOptions = {}): Broker {
  return new Node(config, world, options)
}
