/**
 * A cluster in a world of its own: the real brokers on virtual machines, and clients of theirs, in one virtual time.
 *
 * Everything that happens follows from the seed. Time stands still until somebody lets it pass: `settled` for as long as
 * something takes, `pass` for a while. It strikes no faults by itself.
 */
import { Cluster, type ClusterOptions } from '../client/cluster.ts'
import { EventQueue, type EventSource } from './event-queue.ts'
import { SeededRandom } from './seeded-random.ts'
import {
  CLIENT_PORT,
  hostOf,
  type NodeOptions,
  type SimulatedMachines,
  SimulatedNode,
  type Surroundings,
} from './simulated-node.ts'
import { Transcript } from './transcript.ts'
import { VirtualClock } from './virtual-clock.ts'
import { VirtualLinks } from './virtual-links.ts'
import { type HostLife, VirtualNetwork } from './virtual-network.ts'
import { VirtualPeers } from './virtual-peers.ts'

export interface SimulationOptions {
  readonly seed: number
  /** How many nodes there are at first, each a broker and a voter. */
  readonly nodes: number
  /** Broker settings by Kafka's names, beside those that make a cluster. */
  readonly settings?: Readonly<Record<string, string>>
  /** Keeps what happened in words; else only its hash. */
  readonly keepsLines?: boolean
  readonly surroundings?: Surroundings
  /** See `EventQueue`. */
  readonly hostTurn: () => Promise<void>
}

/** One that has not ended in its time is stuck. */
const SETTLED_MS_MAX = 120_000

export class Simulation {
  readonly random: SeededRandom
  readonly queue: EventQueue
  readonly links: VirtualLinks
  readonly network: VirtualNetwork
  readonly transcript: Transcript
  /** Every node that ever belonged to the cluster. */
  readonly machines: SimulatedNode[] = []
  readonly #shared: SimulatedMachines
  readonly #deployed: Omit<NodeOptions, 'id'>
  #nodes: readonly SimulatedNode[] = []
  readonly #clients: EventSource

  constructor(options: SimulationOptions) {
    const { seed, nodes, settings = {}, keepsLines = false, surroundings = {}, hostTurn } = options
    this.random = new SeededRandom(seed)
    this.queue = new EventQueue(this.random.stream('order'), hostTurn)
    this.transcript = new Transcript(() => this.queue.nowMs, keepsLines)
    this.links = new VirtualLinks(this.queue, this.random.stream('links'))
    this.network = new VirtualNetwork(this.links, this.random.stream('network'))
    this.#clients = this.queue.source('clients')
    const peers = new VirtualPeers(this.links)
    this.#shared = {
      queue: this.queue,
      network: this.network,
      peers,
      logOf: (host: string) => this.transcript.logOf(host),
      surroundings,
    }
    const voters = Array.from({ length: nodes }, (_, index) => index + 1)
    this.#deployed = { voters, settings }
    for (const _ of voters) this.join()
  }

  /** Those that belong to the cluster now, whether or not they run. */
  get nodes(): readonly SimulatedNode[] {
    return this.#nodes
  }

  /** A new machine for the cluster, set up as the first ones were; it does not run yet. */
  join(): SimulatedNode {
    const id = this.machines.length + 1
    const node = new SimulatedNode({ id, ...this.#deployed }, this.#shared, this.random.stream(hostOf(id)))
    this.machines.push(node)
    this.readmit(node)
    return node
  }

  /** It does not belong to the cluster any more: nobody starts it. */
  dismiss(node: SimulatedNode): void {
    this.#nodes = this.#nodes.filter((one) => one !== node)
  }

  /** One that was dismissed belongs to the cluster again. */
  readmit(node: SimulatedNode): void {
    this.#nodes = [...this.#nodes, node].sort((one, other) => one.id - other.id)
  }

  /** Of everything that happened: which events, when, and what was told. */
  get hash(): string {
    return `${this.queue.hash}${this.transcript.hash}`
  }

  node(id: number): SimulatedNode {
    const node = this.#nodes.find((one) => one.id === id)
    if (node === undefined) throw new Error(`there is no node ${id}`)
    return node
  }

  /** Starts every node that does not run; resolves when all serve. */
  async start(): Promise<void> {
    const starting = this.nodes.filter((node) => !node.isRunning).map((node) => node.start())
    await this.settled(Promise.all(starting))
  }

  /** A client on a machine of its own. */
  client(name: string, options: Omit<ClusterOptions, 'bootstrap'> = {}): Cluster {
    const life: HostLife = { host: name, source: this.#clients }
    const world = {
      clock: this.clientClock(),
      network: this.network.of(life),
      random: this.random.stream(name),
    }
    const bootstrap = this.nodes.map(({ host }) => `${host}:${CLIENT_PORT}`)
    return new Cluster(world, { clientId: name, ...options, bootstrap })
  }

  /** The clock of loads and faults, which is right. */
  clientClock(): VirtualClock {
    return new VirtualClock(this.queue, this.#clients)
  }

  /** Lets time pass until `work` has ended; what it ended with. Throws when that takes too long, or can never be. */
  async settled<T>(work: Promise<T>, limitMs = SETTLED_MS_MAX): Promise<T> {
    const untilMs = this.queue.nowMs + limitMs
    let isOver = false
    const end = (): void => {
      isOver = true
    }
    work.then(end, end)
    await this.queue.settle()
    while (!isOver) {
      if ((await this.queue.step(untilMs)) !== null) continue
      throw new Error(`nothing more happened, or not within ${limitMs} ms`)
    }
    return await work
  }

  /** Lets that much time pass. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.queue.nowMs + ms
    await this.queue.settle()
    while ((await this.queue.step(untilMs)) !== null) {}
  }
}
