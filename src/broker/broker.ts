/**
 * One broker, from start to stop: opens its storage, replays the metadata, follows it, registers, serves.
 *
 * The same in every world: all that it touches of a machine is in `world`. A client is let in only when
 * everything that it may ask for is there; a stop answers what is under way and leaves a clean marker.
 */

import { apply } from '../coordination/metadata/apply.ts'
import { isEmptyDelta, type MetadataDelta } from '../coordination/metadata/delta.ts'
import { emptyImage, type MetadataImage } from '../coordination/metadata/image.ts'
import { snapshotRecords } from '../coordination/metadata/snapshot.ts'
import { limits } from '../runtime/limits.ts'
import { MetricsRegistry } from '../runtime/metrics.ts'
import type { Listener } from '../runtime/network.ts'
import type { World } from '../runtime/world.ts'
import { type BrokerStorage, openStorage } from './broker-storage.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import type { Endpoint } from './config/endpoints.ts'
import { Settings } from './config/settings.ts'
import { Dispatcher } from './dispatcher.ts'
import { FetchSessions } from './fetch/fetch-sessions.ts'
import { GroupCoordinators } from './groups/group-coordinators.ts'
import { handlers } from './handlers/index.ts'
import { Listeners } from './network/listeners.ts'
import { serveObservability } from './observability.ts'
import { PartitionRegistry } from './partitions/partition-registry.ts'
import { ReplicaMoves } from './partitions/replica-moves.ts'
import { ProducerIds } from './producer-ids.ts'
import { MetadataLog } from './quorum/metadata-log.ts'
import { QuorumOfOne } from './quorum/quorum-of-one.ts'
import { registerBroker } from './registration.ts'
import type { BrokerServices } from './services.ts'

/** How long a stop waits for requests under way. */
const STOP_GRACE_MS = 5_000
/** How long a start waits for groups to be read; later ones are read while others are served. */
const GROUP_LOAD_MS_MAX = 1_000

export interface Broker {
  /** Resolves when clients can connect; rejects with an error for people when it cannot start. */
  start(): Promise<void>
  /** Answers what is under way, writes everything down, and lets go. Idempotent. */
  stop(): Promise<void>
  /** Where it listens, with the ports that were picked. */
  readonly endpoints: readonly Endpoint[]
}

/** The change from nothing to an image: what a node that starts has to react to. */
function firstDelta(image: MetadataImage): MetadataDelta {
  const rebuilt = apply(emptyImage, snapshotRecords(image))
  if (!rebuilt.ok)
    throw new Error(`an image cannot be rebuilt from its records: ${JSON.stringify(rebuilt.problem)}`)
  return rebuilt.delta
}

class SingleBroker implements Broker {
  readonly #config: BrokerConfig
  readonly #world: World
  readonly #metrics = new MetricsRegistry()
  readonly #settings: Settings
  #storage: BrokerStorage | null = null
  #listeners: Listeners | null = null
  #observability: Listener | null = null
  #ready = false
  #brokerEpoch = -1n
  #stopped: Promise<void> | null = null

  constructor(config: BrokerConfig, world: World) {
    this.#config = config
    this.#world = world
    this.#settings = new Settings(config.nodeId, config.statics)
  }

  get endpoints(): readonly Endpoint[] {
    return this.#listeners?.opened ?? []
  }

  async start(): Promise<void> {
    const config = this.#config
    const world = this.#world
    if (config.observability !== null)
      this.#observability = await serveObservability(
        world.network,
        config.observability,
        this.#metrics,
        () => this.#ready,
      )
    const storage = await openStorage(config, this.#settings, world)
    this.#storage = storage
    const metadataLog = new MetadataLog(
      storage.metadataLog,
      storage.metadataSnapshots,
      world.clock,
      config.nodeId,
      () => this.#settings.number('metadata.log.max.record.bytes.between.snapshots'),
    )
    const image = await metadataLog.replay()
    const quorumEpoch = metadataLog.nextEpoch
    storage.beginQuorumEpoch(quorumEpoch)
    metadataLog.begin(quorumEpoch)
    const quorum = new QuorumOfOne(storage.clusterId, config.nodeId, metadataLog, image, world.log)
    const services = this.#services(quorum, storage)
    const follow = async (next: MetadataImage, delta: MetadataDelta): Promise<void> => {
      if (isEmptyDelta(delta)) return
      this.#settings.follow(next)
      services.partitions.follow(next, delta)
      services.groups.follow(
        next,
        delta.topicsDeleted.map((topic) => topic.name),
      )
    }
    await follow(image, firstDelta(image))
    storage.setStraysAside(
      (topic, partition) => typeof services.partitions.byName(topic, partition) !== 'number',
    )
    quorum.listen(follow)
    services.moves.resume()
    const dispatcher = new Dispatcher(services, handlers)
    const listeners = new Listeners(world, this.#metrics, this.#connectionBounds(), dispatcher)
    this.#listeners = listeners
    const opened = await listeners.open(config.listeners)
    this.#brokerEpoch = await registerBroker(
      quorum,
      config,
      opened,
      storage.directoryIds,
      world.random,
      world.log,
    )
    // Group clients would be told to come back; a short wait at the start spares them that.
    await services.groups.whenLoaded(GROUP_LOAD_MS_MAX)
    listeners.admit()
    storage.startMaintenance()
    this.#ready = true
    world.log.info('broker started', {
      nodeId: config.nodeId,
      clusterId: storage.clusterId,
      partitions: services.partitions.count,
    })
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#ready = false
    await this.#listeners?.close(STOP_GRACE_MS)
    await this.#storage?.close(this.#brokerEpoch)
    await this.#observability?.close()
    this.#world.log.info('broker stopped', { nodeId: this.#config.nodeId })
  }

  #services(quorum: QuorumOfOne, storage: BrokerStorage): BrokerServices {
    const settings = this.#settings
    const services: BrokerServices = {
      world: this.#world,
      config: this.#config,
      metrics: this.#metrics,
      settings,
      handlers,
      quorum,
      partitions: new PartitionRegistry(
        this.#config.nodeId,
        storage.logs,
        settings,
        this.#world.clock,
        this.#metrics,
      ),
      logs: storage.manager,
      moves: new ReplicaMoves(() => services),
      producerIds: new ProducerIds(() => services),
      groups: new GroupCoordinators(() => services),
      fetchSessions: new FetchSessions(this.#world.random, () =>
        Math.min(limits.fetchSessionsMax, settings.number('max.incremental.fetch.session.cache.slots')),
      ),
    }
    return services
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

/** A broker in that world; nothing happens before `start`. */
export function createBroker(config: BrokerConfig, world: World): Broker {
  return new SingleBroker(config, world)
}
