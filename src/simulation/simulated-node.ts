/**
 * One node of a simulated cluster: a machine with a disk and clocks, and the lives of the broker on it.
 *
 * The broker is the real one. A killed process loses what was not written, a power cut what was not synced; a frozen one
 * comes back later as if nothing had happened. It decides nothing about when faults strike.
 */
import { type Broker, type BrokerOptions, createBroker } from '../broker/broker.ts'
import { loadConfig } from '../broker/config/load-config.ts'
// A quorum loads it when it needs it: that takes real time, which no virtual one may wait for.
import '../broker/quorum/peer-codec.ts'
import type { Clock } from '../runtime/clock.ts'
import { joinPath } from '../runtime/disk.ts'
import type { Log } from '../runtime/log.ts'
import { type DiskOperation, MemoryDisk } from '../runtime/memory-disk.ts'
import type { PeerNetwork } from '../runtime/peers.ts'
import type { World } from '../runtime/world.ts'
import type { EventQueue, EventSource } from './event-queue.ts'
import type { SeededRandom } from './seeded-random.ts'
import { type ClockErrors, VirtualClock, wallMs } from './virtual-clock.ts'
import type { HostLife, VirtualNetwork } from './virtual-network.ts'
import type { VirtualPeers } from './virtual-peers.ts'

export const CLIENT_PORT = 9092
export const CONTROLLER_PORT = 9093
const DESCRIPTORS = 10_000
export const DATA = '/data'

/** What all nodes of a simulation share. */
export interface SimulatedMachines {
  readonly queue: EventQueue
  readonly network: VirtualNetwork
  readonly peers: VirtualPeers
  readonly logOf: (host: string) => Log
  readonly surroundings: Surroundings
}

/** What somebody else than the simulation puts around its brokers. */
export interface Surroundings {
  readonly around?: (nodeId: number) => BrokerOptions
  /** Stands before the port by which a node speaks to its peers, of each of its lives. */
  readonly tapPeers?: (peers: PeerNetwork) => PeerNetwork
  /** The clocks of a life, over its machine's. */
  readonly clocksOver?: (machine: Clock) => LifeClocks
}

export interface LifeClocks {
  readonly clock: Clock
  readonly calendar: Clock
  end(): void
}

export interface NodeOptions {
  readonly id: number
  readonly voters: readonly number[]
  readonly settings: Readonly<Record<string, string>>
}

interface Life {
  /** What the network knows it by. */
  readonly ends: HostLife
  readonly source: EventSource
  readonly clocks: LifeClocks
  readonly broker: Broker
  isStopping: boolean
}

export function hostOf(nodeId: number): string {
  return `node-${nodeId}`
}

export class SimulatedNode {
  readonly id: number
  readonly host: string
  readonly #options: NodeOptions
  readonly #machines: SimulatedMachines
  readonly #random: SeededRandom
  readonly clockErrors: ClockErrors
  disk: MemoryDisk
  /** What a call of the disk may take longer than of a sound one. */
  slowDiskMs = 0
  #life: Life | null = null
  #lives = 0

  constructor(options: NodeOptions, machines: SimulatedMachines, random: SeededRandom) {
    this.id = options.id
    this.host = hostOf(options.id)
    this.#options = options
    this.#machines = machines
    this.#random = random
    this.clockErrors = { skewMs: 0, rate: random.between(0.999, 1.001), frozenMs: null }
    this.disk = this.#newDisk()
  }

  get isRunning(): boolean {
    return this.#life !== null
  }

  /** Begins a life; resolves when it serves, or has given up. One that is killed meanwhile never does. */
  async start(): Promise<void> {
    if (this.#life !== null) throw new Error(`${this.host} runs already`)
    const { queue, network, peers, logOf, surroundings } = this.#machines
    this.#lives++
    const source = queue.source(this.host)
    const ends = { host: this.host, source }
    const machine = new VirtualClock(queue, source, this.clockErrors)
    const clocks = surroundings.clocksOver?.(machine) ?? { clock: machine, calendar: machine, end() {} }
    const world: World = {
      clock: clocks.clock,
      calendar: clocks.calendar,
      disk: this.disk,
      network: network.of(ends),
      peers: surroundings.tapPeers?.(peers.of(ends)) ?? peers.of(ends),
      random: this.#random.stream(`life-${this.#lives}`),
      log: logOf(this.host),
      descriptorsMax: DESCRIPTORS,
    }
    const broker = createBroker(this.#config(), world, surroundings.around?.(this.id))
    const life: Life = { ends, source, clocks, broker, isStopping: false }
    this.#life = life
    this.#attach(source)
    life.broker.onFailed((error) => {
      world.log.error('this node halts', { reason: error.message })
      source.endOfTurn(() => this.kill())
    })
    try {
      await life.broker.start()
    } catch (error) {
      // One that is told to stop while it starts gives its start up.
      if (life.isStopping) return
      world.log.error('this node does not start', { reason: String(error) })
      if (this.#life === life) this.kill()
    }
  }

  /** Ends in order, as by SIGTERM. */
  async stop(): Promise<void> {
    const life = this.#life
    if (life === null) return
    life.isStopping = true
    await life.broker.stop()
    if (this.#life === life) this.kill()
  }

  /** SIGKILL: what was written stays, synced or not. */
  kill(): void {
    if (this.#endLife()) this.disk.killed()
  }

  /** The power fails: what was not synced is in the dice's hands. */
  losePower(): void {
    this.#endLife('silently')
    this.disk.crash((limit) => this.#random.below(limit))
  }

  /** The disk is replaced by an empty one. */
  wipe(): void {
    this.#endLife()
    this.disk = this.#newDisk()
  }

  /** Wall time stands still until `clockErrors.frozenMs` is null again. */
  freezeWallTime(): void {
    this.clockErrors.frozenMs = wallMs(this.#machines.queue.nowMs, this.clockErrors)
  }

  /** The disk works again, with what it holds. */
  mendDisk(): void {
    this.disk.fault = () => null
    this.disk.capacityBytes = Number.POSITIVE_INFINITY
    this.slowDiskMs = 0
  }

  /** All segments of a partition's replica here, one behind the other. */
  segmentBytes(topic: string, partition: number): Buffer {
    const folder = joinPath(DATA, `${topic}-${partition}`)
    const names = this.disk.list(folder).map(({ name }) => name)
    const segments = names.filter((name) => name.endsWith('.log')).sort()
    return Buffer.concat(segments.map((name) => this.#read(joinPath(folder, name))))
  }

  #read(path: string): Buffer {
    const file = this.disk.open(path, 'read')
    const bytes = Buffer.alloc(file.sizeBytes())
    file.readSync(bytes, 0, bytes.length, 0)
    file.close()
    return bytes
  }

  /** SIGSTOP until that time. */
  freeze(untilMs: number): void {
    this.#life?.source.freeze(untilMs)
  }

  /** Who is killed resets its connections; of a machine without power nobody hears. */
  #endLife(how: 'audibly' | 'silently' = 'audibly'): boolean {
    const life = this.#life
    if (life === null) return false
    this.#life = null
    this.#machines.network.end(life.ends, how)
    this.#machines.peers.end(life.ends, how)
    life.source.end()
    life.clocks.end()
    return true
  }

  #config() {
    const { voters, settings } = this.#options
    const listed = voters.map((id) => `${id}@${hostOf(id)}:${CONTROLLER_PORT}`).join(',')
    const loaded = loadConfig({
      file: null,
      environment: {},
      overrides: Object.entries({
        'node.id': String(this.id),
        'log.dirs': DATA,
        listeners: `PLAINTEXT://${this.host}:${CLIENT_PORT},CONTROLLER://${this.host}:${CONTROLLER_PORT}`,
        'controller.quorum.voters': listed,
        ...settings,
      }),
    })
    if (!loaded.ok) throw new Error(loaded.problems.join('; '))
    return loaded.config
  }

  /** Calls of the disk come back to the life that made them. */
  #attach(source: EventSource): void {
    this.#later = (callback, operation) => {
      source.schedule(this.#machines.queue.nowMs + this.#latencyMs(operation), callback)
    }
  }

  #later: (callback: () => void, operation: DiskOperation) => void = () => {
    throw new Error('a disk is used by nobody')
  }

  #latencyMs(operation: DiskOperation): number {
    const isSync = operation === 'sync' || operation === 'syncDirectory'
    const soundMs = isSync ? this.#random.between(0.2, 3) : this.#random.between(0.01, 0.2)
    return this.slowDiskMs === 0 ? soundMs : soundMs + this.#random.between(0, this.slowDiskMs)
  }

  #newDisk(): MemoryDisk {
    const { queue } = this.#machines
    const disk = new MemoryDisk({
      later: (callback, operation) => this.#later(callback, operation),
      tracksDurability: true,
      wallMs: () => wallMs(queue.nowMs, this.clockErrors),
    })
    disk.makeDirectory(DATA)
    disk.syncDirectorySync('/')
    return disk
  }
}
