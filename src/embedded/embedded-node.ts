/**
 * One node of a cluster inside this process, and the lives of the broker on it.
 *
 * The broker is the real one, on real time. Clients reach it over loopback; the other nodes over virtual ways, so that they
 * can be cut. Killing it closes what it had open and lets nothing more of it happen; what it had written stays.
 */
import { type Broker, type BrokerOptions, createBroker } from '../broker/broker.ts'
import { loadConfig } from '../broker/config/load-config.ts'
// A quorum loads it when it needs it; here every node does.
import '../broker/quorum/peer-codec.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Network } from '../runtime/network.ts'
import type { Random } from '../runtime/random.ts'
import type { SeededRandom } from '../simulation/seeded-random.ts'
import { hostOf } from '../simulation/simulated-node.ts'
import type { HostLife, VirtualNetwork } from '../simulation/virtual-network.ts'
import type { VirtualPeers } from '../simulation/virtual-peers.ts'
import type { Calendar, LifeClocks } from './calendar.ts'
import { ClientDoor } from './client-door.ts'
import { LiveEvents } from './live-events.ts'
import { NodeNetwork } from './node-network.ts'
import type { NodeStorage, StorageLife } from './node-storage.ts'

const QUORUM_PORT = 9093
const DESCRIPTORS = 10_000

/** What all nodes of a cluster share. */
export interface EmbeddedMachines {
  readonly clock: Clock
  readonly hostTurn: () => Promise<void>
  readonly realNetwork: Network
  readonly calendar: Calendar
  readonly network: VirtualNetwork
  readonly peers: VirtualPeers
  readonly random: SeededRandom
  /** Of the machine: two clusters of one seed must not draw the same ports. */
  readonly doorRandom: Random
  /** The node that clients find at a port of this machine. */
  readonly hostAt: (port: number) => string | undefined
  readonly logOf: (nodeId: number) => Log
  readonly around: (nodeId: number) => BrokerOptions
}

export interface EmbeddedNodeOptions {
  readonly id: number
  readonly voters: readonly number[]
  readonly settings: Readonly<Record<string, string>>
  readonly storage: NodeStorage
}

interface Life {
  readonly broker: Broker
  readonly ends: HostLife
  readonly events: LiveEvents
  readonly clocks: LifeClocks
  readonly network: NodeNetwork
  readonly storage: StorageLife
  /** Rejects when the life ends. */
  readonly ended: Promise<never>
  readonly end: (error: Error) => void
}

export class EmbeddedNode {
  readonly id: number
  readonly host: string
  readonly door: ClientDoor
  readonly #options: EmbeddedNodeOptions
  readonly #machines: EmbeddedMachines
  #life: Life | null = null
  #lives = 0

  constructor(options: EmbeddedNodeOptions, machines: EmbeddedMachines) {
    this.id = options.id
    this.host = hostOf(options.id)
    this.door = new ClientDoor(machines.realNetwork, machines.doorRandom, machines.clock)
    this.#options = options
    this.#machines = machines
  }

  get isRunning(): boolean {
    return this.#life !== null
  }

  /** Nothing that it has to do is due. */
  get isIdle(): boolean {
    return this.#options.storage.isIdle && (this.#life?.events.isIdle ?? true)
  }

  /** Begins a life; resolves when it serves. Rejects with an error for people when it cannot. */
  async start(): Promise<void> {
    if (this.#life !== null) throw new Error(`node ${this.id} runs already`)
    const life = this.#beget()
    this.#life = life
    life.broker.onFailed(() => void this.#end(life))
    try {
      await Promise.race([life.broker.start(), life.ended])
    } catch (error) {
      await this.#end(life)
      throw error
    }
  }

  /** SIGKILL. Resolves when its port is free and nothing of it is under way on the disk. */
  async kill(): Promise<void> {
    if (this.#life !== null) await this.#end(this.#life)
  }

  /** Clients are not heard until they are released. */
  hold(): void {
    this.#life?.network.hold()
  }

  release(): void {
    this.#life?.network.release()
  }

  #beget(): Life {
    const { clock, hostTurn, realNetwork, calendar, network, peers, hostAt, logOf, around } = this.#machines
    const clocks = calendar.clocksOver(clock)
    const events = new LiveEvents(clocks.clock, hostTurn)
    const ends: HostLife = { host: this.host, source: events }
    const storage = this.#options.storage.begin()
    this.#lives++
    const ownNetwork = new NodeNetwork(ends, network, this.door, realNetwork, hostAt)
    const broker = createBroker(
      this.#config(),
      {
        clock: clocks.clock,
        calendar: clocks.calendar,
        disk: storage.disk,
        network: ownNetwork,
        peers: peers.of(ends),
        random: this.#machines.random.stream(`${this.host}-${this.#lives}`),
        log: logOf(this.id),
        descriptorsMax: DESCRIPTORS,
      },
      around(this.id),
    )
    const { promise: ended, reject: end } = Promise.withResolvers<never>()
    return { broker, ends, events, clocks, network: ownNetwork, storage, ended, end }
  }

  async #end(life: Life): Promise<void> {
    if (this.#life !== life) return
    this.#life = null
    life.end(new Error(`node ${this.id} was killed while it started`))
    life.clocks.end()
    const stored = life.storage.end()
    this.#machines.network.end(life.ends)
    this.#machines.peers.end(life.ends)
    life.events.end()
    await Promise.all([life.network.die(), stored])
  }

  #config() {
    const { voters, settings, storage } = this.#options
    const loaded = loadConfig({
      file: null,
      environment: {},
      overrides: Object.entries({
        ...settings,
        'node.id': String(this.id),
        'log.dirs': storage.directory,
        listeners: `PLAINTEXT://${this.door.host}:${this.door.port},CONTROLLER://${this.host}:${QUORUM_PORT}`,
        'controller.quorum.voters': voters.map((id) => `${id}@${hostOf(id)}:${QUORUM_PORT}`).join(','),
      }),
    })
    if (!loaded.ok) throw new Error(loaded.problems.join('; '))
    // All nodes have the same settings: once is enough.
    if (this.id === voters[0] && this.#lives === 1)
      for (const warning of loaded.warnings) this.#machines.logOf(this.id).error(`setting ${warning}`)
    return loaded.config
  }
}
