/**
 * Nodes of a metadata quorum on memory disks, in one virtual time, over a network in memory: started, killed, cut off from
 * each other or from power, wiped.
 */
import type { MetadataCommand } from '../../../../src/broker/quorum/metadata-quorum.ts'
import { openRaftQuorum } from '../../../../src/broker/quorum/open-raft-quorum.ts'
// A quorum loads it when it needs it: that takes real time, which no virtual one may wait for.
import '../../../../src/broker/quorum/peer-codec.ts'
import type { RaftQuorum } from '../../../../src/broker/quorum/raft-quorum.ts'
import {
  defaultQuorumTimeouts,
  type QuorumWorld,
  type RaftQuorumOptions,
} from '../../../../src/broker/quorum/raft-quorum-options.ts'
import type { Clock } from '../../../../src/runtime/clock.ts'
import { silentLog } from '../../../../src/runtime/log.ts'
import { MemoryDisk } from '../../../../src/runtime/memory-disk.ts'
import type { Log } from '../../../../src/storage/log.ts'
import { defaultLogConfig } from '../../../../src/storage/log-config.ts'
import { LogManager } from '../../../../src/storage/log-manager.ts'
import { MetadataSnapshots } from '../../../../src/storage/metadata-snapshots.ts'
import { dice } from '../../../storage/support/managed-world.ts'
import { TestClock } from '../../../storage/support/world.ts'
import { MemoryNetwork } from './memory-peers.ts'

const TOPIC = '__cluster_metadata'
const FOLDER = `/data/${TOPIC}-0`
const PORT = 9093

const host = (id: number): string => `node-${id}`

export interface ClusterOptions {
  readonly voters?: readonly number[]
  readonly bytesBetweenSnapshots?: number
  readonly seed?: number
}

/** The clock of one life of a node: when it dies, nothing that it asked for happens. */
class LifeClock implements Clock {
  readonly #clock: TestClock
  isOver = false

  constructor(clock: TestClock) {
    this.#clock = clock
  }

  wallMs(): number {
    return this.#clock.wallMs()
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs()
  }

  schedule(delayMs: number, callback: () => void) {
    return this.#clock.schedule(delayMs, () => {
      if (!this.isOver) callback()
    })
  }

  endOfTurn(callback: () => void): void {
    this.#clock.endOfTurn(() => {
      if (!this.isOver) callback()
    })
  }
}

interface Life {
  readonly quorum: RaftQuorum
  readonly log: Log
  readonly manager: LogManager
  readonly clock: LifeClock
}

export class QuorumNode {
  readonly id: number
  readonly cluster: QuorumCluster
  disk: MemoryDisk
  /** How long the next write takes that may wait; null as long as any. */
  slowNextWriteMs: number | null = null
  #life: Life | null = null
  #starting: LogManager | null = null

  constructor(cluster: QuorumCluster, id: number) {
    this.cluster = cluster
    this.id = id
    this.disk = this.#newDisk()
  }

  #newDisk(): MemoryDisk {
    const { clock } = this.cluster
    const disk = new MemoryDisk({
      later: (callback, operation) => {
        const slowMs = operation === 'write' ? this.slowNextWriteMs : null
        if (slowMs !== null) this.slowNextWriteMs = null
        clock.schedule(slowMs ?? 1, callback)
      },
      tracksDurability: true,
      wallMs: () => clock.nowMs,
    })
    disk.makeDirectory('/data')
    disk.syncDirectorySync('/')
    return disk
  }

  get isUp(): boolean {
    return this.#life !== null
  }

  get quorum(): RaftQuorum {
    if (this.#life === null) throw new Error(`node ${this.id} is down`)
    return this.#life.quorum
  }

  get log(): Log {
    if (this.#life === null) throw new Error(`node ${this.id} is down`)
    return this.#life.log
  }

  async start(): Promise<void> {
    const { cluster, disk } = this
    const clock = new LifeClock(cluster.clock)
    const world: QuorumWorld = {
      clock,
      disk,
      random: cluster.random,
      log: silentLog,
      peers: cluster.network.peersOf(host(this.id)),
    }
    const manager = new LogManager(world, {
      directories: ['/data'],
      configOf: () => ({ ...defaultLogConfig, deletes: false, segmentBytes: 16 * 1024 }),
      openFilesMax: 100,
      checkpointIntervalMs: 100,
    })
    this.#starting = manager
    manager.openDirectories()
    const [directoryId] = manager.format(this.id, 'cluster')
    await cluster.settled(manager.load())
    const known = manager.log(TOPIC, 0)
    const created = known === null ? manager.create(TOPIC, 0, 'AAAAAAAAAAAAAAAAAAAAAQ') : null
    const log = known ?? (created?.ok ? created.log : null)
    if (log === null || directoryId === undefined) throw new Error('the metadata log cannot be opened')
    const storage = {
      log,
      snapshots: new MetadataSnapshots(disk, FOLDER, () => clock.wallMs()),
      folder: FOLDER,
    }
    const quorum = await cluster.settled(
      openRaftQuorum(cluster.optionsOf(this.id, directoryId), storage, world),
    )
    this.#life = { quorum, log, manager, clock }
    this.#starting = null
    await cluster.settled(quorum.start())
  }

  /** The process dies; with `power` the machine does, and unsynced bytes are in the dice's hands. */
  kill(power?: (limit: number) => number): void {
    const life = this.#life
    if (life === null) return
    this.#life = null
    life.clock.isOver = true
    this.cluster.network.kill(host(this.id))
    life.manager.abandon()
    if (power !== undefined) this.disk.crash(power)
  }

  /** A start that failed left the directory claimed. */
  release(): void {
    this.#starting?.abandon()
    this.#starting = null
  }

  /** An orderly stop of the quorum and the log. */
  async stop(): Promise<void> {
    const life = this.#life
    if (life === null) return
    await this.cluster.settled(life.quorum.stop())
    await this.cluster.settled(life.manager.stop(-1))
    this.#life = null
    life.clock.isOver = true
    this.cluster.network.kill(host(this.id))
  }

  /** Its disk is lost: the next life begins on an empty one. */
  wipe(): void {
    this.kill()
    this.disk = this.#newDisk()
  }

  quorumState(): unknown {
    const file = this.disk.open(`${FOLDER}/quorum-state`, 'read')
    const bytes = Buffer.alloc(file.sizeBytes())
    file.readSync(bytes, 0, bytes.length, 0)
    return JSON.parse(bytes.toString())
  }

  snapshots(): MetadataSnapshots {
    return new MetadataSnapshots(this.disk, FOLDER, () => this.cluster.clock.wallMs())
  }
}

export class QuorumCluster {
  readonly clock = new TestClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly options: ClusterOptions
  readonly roll: (limit: number) => number
  readonly random
  /** Voters that configuration names from the next start of a node on. */
  configured: readonly number[]
  readonly #nodes = new Map<number, QuorumNode>()

  constructor(options: ClusterOptions = {}) {
    this.options = options
    this.configured = options.voters ?? [1, 2, 3]
    this.roll = dice(options.seed ?? 1)
    this.random = {
      bytes: (sizeBytes: number) => Buffer.from(Array.from({ length: sizeBytes }, () => this.roll(256))),
      below: (limit: number) => this.roll(limit),
    }
  }

  /** A cluster whose voters run, with a leader that is active. */
  static async started(options: ClusterOptions = {}): Promise<QuorumCluster> {
    const cluster = new QuorumCluster(options)
    for (const id of cluster.voterIds) await cluster.node(id).start()
    await cluster.until(() => cluster.leader() !== null, 'a leader')
    return cluster
  }

  get voterIds(): readonly number[] {
    return this.options.voters ?? [1, 2, 3]
  }

  optionsOf(nodeId: number, directoryId: string): RaftQuorumOptions {
    return {
      clusterId: 'cluster',
      nodeId,
      directoryId,
      voters: this.configured.map((id) => ({ id, host: host(id), port: PORT })),
      listener: { host: host(nodeId), port: PORT },
      listenerName: 'CONTROLLER',
      tls: null,
      timeouts: defaultQuorumTimeouts,
      bytesBetweenSnapshots: () => this.options.bytesBetweenSnapshots ?? Number.POSITIVE_INFINITY,
      snapshotIntervalMs: () => 0,
    }
  }

  node(id: number): QuorumNode {
    const known = this.#nodes.get(id)
    if (known !== undefined) return known
    const node = new QuorumNode(this, id)
    this.#nodes.set(id, node)
    return node
  }

  get up(): QuorumNode[] {
    return [...this.#nodes.values()].filter((node) => node.isUp)
  }

  /** The node that is active in the highest epoch. */
  leader(): QuorumNode | null {
    const active = this.up.filter(({ quorum }) => quorum.isActive)
    return active.sort((a, b) => b.quorum.activeEpoch - a.quorum.activeEpoch)[0] ?? null
  }

  get theLeader(): QuorumNode {
    const leader = this.leader()
    if (leader === null) throw new Error('nobody leads')
    return leader
  }

  /** Nodes that run and do not lead. */
  get others(): QuorumNode[] {
    return this.up.filter((node) => node !== this.leader())
  }

  /** Another node than these. */
  otherThan(...nodes: readonly QuorumNode[]): QuorumNode {
    const other = this.up.find((node) => !nodes.includes(node))
    if (other === undefined) throw new Error('no other node')
    return other
  }

  cut(a: QuorumNode, b: QuorumNode): void {
    this.network.cut(host(a.id), host(b.id))
  }

  cutOneWay(from: QuorumNode, to: QuorumNode): void {
    this.network.cutOneWay(host(from.id), host(to.id))
  }

  /** The node takes nothing that it is sent, as one that was stopped. */
  deafen(node: QuorumNode): void {
    this.network.deaf.add(host(node.id))
  }

  /** One millisecond, with all that follows from it. */
  async tick(): Promise<void> {
    this.clock.advance(1)
    // Lets every promise that was settled go on; no time passes in it.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }

  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed++) await this.tick()
  }

  /** Milliseconds until the condition holds; throws when it does not within the bound. */
  async until(condition: () => boolean, what: string, msMax = 10_000): Promise<number> {
    for (let passed = 0; passed <= msMax; passed++) {
      if (condition()) return passed
      await this.tick()
    }
    throw new Error(`not within ${msMax} ms: ${what}`)
  }

  /** Moves time until the promise is settled. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const finished = promise.finally(() => {
      isDone = true
    })
    // It is awaited below; until then a rejection is nobody's fault.
    finished.catch(() => {})
    for (let passed = 0; !isDone; passed++) {
      if (passed > 20_000) throw new Error('a promise was never settled')
      await this.tick()
    }
    return finished
  }

  /** Sets a config through the leader and waits for the reply. */
  async set(name: string, node = this.theLeader): Promise<string> {
    return this.settled(node.quorum.submit(setting(name)))
  }

  /** Everybody who runs serves these configs, and no others. */
  async untilAllServe(names: readonly string[]): Promise<void> {
    const wanted = [...names].sort().join()
    await this.until(
      () => this.up.every((node) => configNames(node).join() === wanted),
      `all serve the ${names.length} configs`,
    ).catch((error: unknown) => {
      const counts = this.up.map((node) => `${node.id} serves ${configNames(node).length}`)
      const failures = this.up.flatMap(({ quorum }) => quorum.failure?.stack ?? [])
      throw new Error([String(error), ...counts, ...failures].join('\n'))
    })
  }

  async stopAll(): Promise<void> {
    for (const node of this.up) await node.stop()
  }
}

/** A command that sets one config and replies with its name. */
export function setting(name: string, value = 'v'): MetadataCommand<string> {
  return () => ({
    records: [{ type: 'ConfigRecord', value: { resourceType: 2, resourceName: name, name: 'k', value } }],
    reply: name,
  })
}

/** As `setting`, in a batch that is too large to be written to the disk within the turn. */
export function largeSetting(name: string): MetadataCommand<string> {
  const value = 'x'.repeat(30_000)
  return () => ({
    records: ['k1', 'k2', 'k3'].map((key) => ({
      type: 'ConfigRecord',
      value: { resourceType: 2, resourceName: name, name: key, value },
    })),
    reply: name,
  })
}

/** Names of the configs that a node serves. */
export function configNames(node: QuorumNode): string[] {
  return [...node.quorum.image.configs.values()].map(({ resource }) => resource.name).sort()
}
