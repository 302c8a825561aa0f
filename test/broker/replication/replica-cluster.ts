/**
 * Brokers that replicate, without a quorum: the real partitions, handlers, connections and fetchers of each on a disk, a
 * network and a clock in memory. The test is the controller: it makes the images, and decides in-sync sets at once.
 */
import { setImmediate } from 'node:timers/promises'
import type { BrokerConfig } from '../../../src/broker/config/broker-config.ts'
import { Settings } from '../../../src/broker/config/settings.ts'
import { Dispatcher } from '../../../src/broker/dispatcher.ts'
import { FetchSessions } from '../../../src/broker/fetch/fetch-sessions.ts'
import { apiVersionsHandler } from '../../../src/broker/handlers/api-versions.ts'
import { deleteRecordsHandler } from '../../../src/broker/handlers/delete-records.ts'
import { fetchHandler } from '../../../src/broker/handlers/fetch.ts'
import { listOffsetsHandler } from '../../../src/broker/handlers/list-offsets.ts'
import { offsetForLeaderEpochHandler } from '../../../src/broker/handlers/offset-for-leader-epoch.ts'
import { produceHandler } from '../../../src/broker/handlers/produce.ts'
import { LeaderDoubts } from '../../../src/broker/leader-doubts.ts'
import { Listeners } from '../../../src/broker/network/listeners.ts'
import type { Partition } from '../../../src/broker/partitions/partition.ts'
import type { IsrProposal, PartitionController } from '../../../src/broker/partitions/partition-controller.ts'
import { PartitionRegistry } from '../../../src/broker/partitions/partition-registry.ts'
import { ReplicaFetchers } from '../../../src/broker/replication/replica-fetchers.ts'
import type { BrokerServices } from '../../../src/broker/services.ts'
import { BrokerConnection } from '../../../src/client/connection.ts'
import { apply } from '../../../src/coordination/metadata/apply.ts'
import type { MetadataDelta } from '../../../src/coordination/metadata/delta.ts'
import { emptyImage, type MetadataImage, topicByName } from '../../../src/coordination/metadata/image.ts'
import type { MetadataRecord } from '../../../src/coordination/metadata/record.ts'
import { snapshotRecords } from '../../../src/coordination/metadata/snapshot.ts'
import { silentLog } from '../../../src/runtime/log.ts'
import { MetricsRegistry } from '../../../src/runtime/metrics.ts'
import type { World } from '../../../src/runtime/world.ts'
import { applied, cluster, withTopic } from '../../coordination/metadata/support.ts'
import { ManagedWorld } from '../../storage/support/managed-world.ts'
import type { TestClock } from '../../storage/support/world.ts'
import { MemoryNetwork } from './memory-network.ts'

export const TOPIC = 't'
const PORT = 9092

export class ReplicaNode {
  readonly id: number
  readonly storage: ManagedWorld
  readonly metrics = new MetricsRegistry()
  readonly registry: PartitionRegistry
  readonly fetchers: ReplicaFetchers
  readonly settings: Settings
  readonly #listeners: Listeners
  brokerEpoch: bigint
  /** Hears nothing of the metadata. */
  isDeaf = false
  image: MetadataImage = emptyImage

  private constructor(
    id: number,
    storage: ManagedWorld,
    network: MemoryNetwork,
    controller: PartitionController,
    statics: ReadonlyMap<string, string>,
  ) {
    this.id = id
    this.storage = storage
    this.brokerEpoch = BigInt(id)
    this.settings = new Settings(id, statics)
    const { clock, disk, random } = storage
    // Quorum traffic has no part in this.
    const world = {
      clock,
      disk,
      random,
      network: network.of(`host-${id}`),
      log: silentLog,
      descriptorsMax: 1_000,
    } as unknown as World
    const leaderDoubts = new LeaderDoubts(id, clock)
    this.fetchers = new ReplicaFetchers({
      nodeId: id,
      world,
      settings: this.settings,
      metrics: this.metrics,
      brokerEpoch: () => this.brokerEpoch,
      interBrokerListener: () => 'PLAINTEXT',
      leaderDoubts,
    })
    const logConfig = storage.config
    const settings = {
      logConfig: () => logConfig,
      leaderSettings: (topic: string) => this.settings.leaderSettings(topic),
    }
    const store = {
      open: (topic: string, topicId: string, index: number) => {
        const known = storage.manager.log(topic, index)
        if (known !== null) return known
        const made = storage.manager.create(topic, index, topicId)
        return made.ok ? made.log : null
      },
      delete: (topic: string, index: number) => storage.manager.delete(topic, index),
    }
    const replication = { controller, following: this.fetchers }
    this.registry = new PartitionRegistry(id, store, settings, clock, this.metrics, replication)
    const handlers = [
      apiVersionsHandler,
      deleteRecordsHandler,
      fetchHandler,
      listOffsetsHandler,
      offsetForLeaderEpochHandler,
      produceHandler,
    ]
    const image = (): MetadataImage => this.image
    // The handlers under test ask for no other parts of a broker.
    const services = {
      world,
      config: { nodeId: id, advertised: new Map() } as unknown as BrokerConfig,
      metrics: this.metrics,
      settings: this.settings,
      handlers,
      partitions: this.registry,
      fetchSessions: new FetchSessions(random, () => 100),
      leaderDoubts,
      quorum: {
        clusterId: 'cluster',
        get image() {
          return image()
        },
        status: { highWatermark: 0, leaderId: 1 },
      },
    } as unknown as BrokerServices
    const bounds = {
      connectionsMax: () => 100,
      connectionsPerAddressMax: () => 100,
      idleMsMax: () => -1,
      frameSizeBytesMax: () => 100 * 1024 * 1024,
    }
    this.#listeners = new Listeners(world, this.metrics, bounds, new Dispatcher(services, handlers))
  }

  static async start(
    id: number,
    storage: ManagedWorld,
    network: MemoryNetwork,
    controller: PartitionController,
    statics: ReadonlyMap<string, string>,
  ): Promise<ReplicaNode> {
    const node = new ReplicaNode(id, storage, network, controller, statics)
    await node.#listeners.open([{ name: 'PLAINTEXT', host: `host-${id}`, port: PORT }])
    node.#listeners.admit()
    return node
  }

  hear(image: MetadataImage, delta: MetadataDelta): void {
    if (this.isDeaf) return
    this.image = image
    this.settings.follow(image)
    this.registry.follow(image, delta)
  }

  partition(index = 0): Partition {
    const found = this.registry.byName(TOPIC, index)
    if (typeof found === 'number') throw new Error(`no ${TOPIC}-${index} on ${this.id}: ${found}`)
    return found
  }

  /** A line of the metrics page. */
  metric(name: string): number {
    const line = this.metrics
      .text()
      .split('\n')
      .find((candidate) => candidate.startsWith(name) && !candidate.startsWith('#'))
    return Number(line?.split(' ').at(-1))
  }

  /** The process ends; its disk stays. */
  async kill(): Promise<void> {
    this.isDeaf = true
    this.fetchers.stop()
    this.registry.stop()
    await this.#listeners.close(0)
    for (const connection of this.#listeners.connections) connection.close('killed')
    this.storage.manager.abandon()
  }

  /** All bytes of a log, with what stands in its batches. */
  bytes(index = 0): Buffer {
    const { log } = this.partition(index)
    return this.storage.read(log as Parameters<ManagedWorld['read']>[0], log.logStartOffset)
  }
}

export class ReplicaCluster {
  readonly clock: TestClock
  readonly network: MemoryNetwork
  readonly nodes = new Map<number, ReplicaNode>()
  readonly proposals: IsrProposal[] = []
  readonly givenUp: number[] = []
  controllerAnswers = true
  image: MetadataImage
  readonly #statics: ReadonlyMap<string, string>

  private constructor(image: MetadataImage, clock: TestClock, statics: ReadonlyMap<string, string>) {
    this.image = image
    this.clock = clock
    this.network = new MemoryNetwork(clock)
    this.#statics = statics
  }

  /** Brokers 1 to 3, one for each rack, and topic `t`. */
  static async start(
    options: {
      readonly assignments?: readonly (readonly number[])[]
      readonly settings?: Readonly<Record<string, string>>
      readonly racks?: readonly (string | null)[]
      readonly logConfig?: ConstructorParameters<typeof ManagedWorld>[0]
    } = {},
  ): Promise<ReplicaCluster> {
    const racks = options.racks ?? [null, null, null]
    // A new cluster takes this one from the files into its metadata.
    const name = 'min.insync.replicas'
    const value = options.settings?.[name] ?? '1'
    const brokers = applied(cluster(...racks), [
      { type: 'ConfigRecord', value: { resourceType: 4, resourceName: '', name, value } },
    ])
    const image = withTopic(brokers, TOPIC, { assignments: options.assignments ?? [[1, 2, 3]] })
    const first = new ManagedWorld(options.logConfig)
    const made = new ReplicaCluster(image, first.clock, new Map(Object.entries(options.settings ?? {})))
    for (let id = 1; id <= racks.length; id++) {
      const storage = id === 1 ? first : new ManagedWorld(options.logConfig, ['/data'], id, first.clock)
      await storage.start()
      await made.#startNode(id, storage)
    }
    await made.run(50)
    return made
  }

  async #startNode(id: number, storage: ManagedWorld): Promise<ReplicaNode> {
    const controller: PartitionController = {
      proposeIsr: (proposal) => {
        this.proposals.push(proposal)
        if (this.controllerAnswers) this.clock.schedule(1, () => this.decide())
      },
      giveUpLeadership: () => this.givenUp.push(id),
    }
    const node = await ReplicaNode.start(id, storage, this.network, controller, this.#statics)
    this.nodes.set(id, node)
    const rebuilt = apply(emptyImage, snapshotRecords(this.image))
    if (!rebuilt.ok) throw new Error(rebuilt.problem.reason)
    node.hear(rebuilt.image, rebuilt.delta)
    return node
  }

  node(id: number): ReplicaNode {
    const node = this.nodes.get(id)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  /** Starts a killed node again on its disk, as another life of the broker. */
  async restart(id: number): Promise<ReplicaNode> {
    const { storage } = this.node(id)
    await storage.start()
    const node = await this.#startNode(id, storage)
    node.brokerEpoch = this.image.brokers.get(id)?.epoch ?? -1n
    return node
  }

  /** Lets time pass, a millisecond a turn, with what promises have to do in between. */
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed++) {
      this.clock.advance(1)
      await setImmediate()
    }
  }

  /** Runs until it holds, at most for so long. Answers the milliseconds that it took. */
  async until(holds: () => boolean, msMax = 5_000): Promise<number> {
    const beganMs = this.clock.nowMs
    while (!holds()) {
      if (this.clock.nowMs - beganMs > msMax) throw new Error(`it did not come to hold in ${msMax} ms`)
      await this.run(1)
    }
    return this.clock.nowMs - beganMs
  }

  async settle<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const finished = promise.finally(() => {
      isDone = true
    })
    // Whoever awaits the answer hears of the rejection.
    finished.catch(() => {})
    await this.until(() => isDone, 120_000)
    return finished
  }

  connect(id: number): Promise<BrokerConnection> {
    const options = { clientId: 'test', connectTimeoutMs: 1_000, requestTimeoutMs: 60_000 }
    return this.settle(
      BrokerConnection.open(this.network.of('client'), this.clock, `host-${id}`, PORT, options),
    )
  }

  get topicId(): string {
    const topic = topicByName(this.image, TOPIC)
    if (topic === undefined) throw new Error('no topic')
    return topic.id
  }

  assigned(index = 0) {
    const found = this.image.topics.get(this.topicId)?.partitions.get(index)
    if (found === undefined) throw new Error(`no partition ${index}`)
    return found
  }

  /** Another leader, in the next epoch. */
  elect(leader: number, index = 0, isr: readonly number[] = this.assigned(index).isr): void {
    this.#change(index, { leader, isr: [...isr] })
  }

  /** The metadata of the cluster goes on. */
  commit(records: readonly MetadataRecord[]): void {
    const outcome = apply(this.image, records)
    if (!outcome.ok) throw new Error(outcome.problem.reason)
    this.image = outcome.image
    for (const node of this.nodes.values()) node.hear(outcome.image, outcome.delta)
  }

  /** Decides what was proposed: taken while its epochs are current, refused otherwise. */
  decide(): void {
    for (let next = this.proposals.shift(); next !== undefined; next = this.proposals.shift()) {
      const { partitionEpoch, leaderEpoch } = this.assigned(next.partition)
      if (next.partitionEpoch !== partitionEpoch || next.leaderEpoch !== leaderEpoch) next.refused(6)
      else this.#change(next.partition, { isr: next.isr.map(({ brokerId }) => brokerId) })
    }
  }

  #change(index: number, change: { leader?: number; isr: number[] }): void {
    this.commit([
      {
        type: 'PartitionChangeRecord',
        value: {
          partitionId: index,
          topicId: this.topicId,
          isr: change.isr,
          leader: change.leader ?? -2,
          replicas: null,
          removingReplicas: null,
          addingReplicas: null,
          leaderRecoveryState: -1,
          directories: null,
          eligibleLeaderReplicas: null,
          lastKnownElr: null,
        },
      },
    ])
  }

  async stop(): Promise<void> {
    for (const node of this.nodes.values()) await node.kill()
  }
}
