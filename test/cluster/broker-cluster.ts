/**
 * Several real broker processes that form one cluster, on free ports, each with a folder of its own; a test may give each
 * a disk and a network of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { freePort } from './free-port.ts'

/** Where one node stands: on this machine's loopback, in a folder made here, unless told otherwise. */
export interface NodePlace {
  readonly host?: string
  /** Kept when the cluster is closed. */
  readonly dataDirectory?: string
  readonly launcher?: readonly string[]
}

export interface ClusterOptions {
  readonly nodes?: number
  /** The place of node 1, of node 2, … */
  readonly places?: readonly NodePlace[]
  readonly settings?: Readonly<Record<string, string>>
  /** Settings of one node, over those of all. */
  readonly settingsOf?: (node: number) => Readonly<Record<string, string>>
  /** What node 1, node 2, … does; both unless told otherwise. */
  readonly roles?: readonly ('broker' | 'controller')[]
}

export class BrokerCluster {
  readonly #directory = mkdtempSync(join(tmpdir(), 'sluice-cluster-'))
  readonly #settings: Readonly<Record<string, string>>
  readonly #settingsOf: (node: number) => Readonly<Record<string, string>>
  readonly #places: readonly NodePlace[]
  readonly #roles: readonly ('broker' | 'controller')[]
  readonly #ports: number[]
  readonly #quorumPorts: number[]
  /** The first voters: every node is given the same list, also those that join later. */
  readonly #quorum: string
  readonly #running = new Map<number, BrokerProcess>()
  /** Nodes on their way up: one may fail while the others still start. */
  readonly #starting = new Set<Promise<BrokerProcess>>()

  private constructor(options: ClusterOptions, ports: readonly number[], quorumPorts: readonly number[]) {
    this.#settings = options.settings ?? {}
    this.#settingsOf = options.settingsOf ?? (() => ({}))
    this.#places = options.places ?? []
    this.#roles = options.roles ?? []
    this.#ports = [...ports]
    this.#quorumPorts = [...quorumPorts]
    this.#quorum = quorumPorts
      .map((port, index) => `${index + 1}@${this.hostOf(index + 1)}:${port}`)
      .filter((_, index) => this.#roles[index] !== 'broker')
      .join(',')
  }

  static async start(options: ClusterOptions = {}): Promise<BrokerCluster> {
    const nodes = options.nodes ?? 3
    const ports = await Promise.all(Array.from({ length: nodes * 2 }, freePort))
    const cluster = new BrokerCluster(options, ports.slice(0, nodes), ports.slice(nodes))
    await Promise.all(ports.slice(0, nodes).map((_, index) => cluster.startNode(index + 1)))
    return cluster
  }

  get bootstrap(): string {
    return this.#ports
      .map((port, index) => `${this.hostOf(index + 1)}:${port}`)
      .filter((_, index) => this.#roles[index] !== 'controller')
      .join(',')
  }

  hostOf(node: number): string {
    return this.#places[node - 1]?.host ?? '127.0.0.1'
  }

  portOf(node: number): number {
    const port = this.#ports[node - 1]
    if (port === undefined) throw new Error(`there is no node ${node}`)
    return port
  }

  /** Where other nodes reach its quorum. */
  quorumAddressOf(node: number): string {
    const port = this.#quorumPorts[node - 1]
    if (port === undefined) throw new Error(`there is no node ${node}`)
    return `${this.hostOf(node)}:${port}`
  }

  node(node: number): BrokerProcess {
    const broker = this.#running.get(node)
    if (broker === undefined) throw new Error(`node ${node} is not running`)
    return broker
  }

  get runningNodes(): readonly number[] {
    return [...this.#running.keys()]
  }

  dataDirectory(node: number): string {
    return this.#places[node - 1]?.dataDirectory ?? join(this.#directory, String(node))
  }

  /** Starts one node more, which is not in the list of voters; answers its id. */
  async addNode(): Promise<number> {
    const [port, quorumPort] = await Promise.all([freePort(), freePort()])
    const node = this.#ports.push(port)
    this.#quorumPorts.push(quorumPort)
    await this.startNode(node)
    return node
  }

  /** Resolves when clients can connect to it. */
  async startNode(node: number): Promise<void> {
    const isListed = this.#quorum.split(',').some((entry) => entry.startsWith(`${node}@`))
    const role = this.#roles[node - 1]
    const listener = isListed ? [] : ['--listen', `CONTROLLER://${this.quorumAddressOf(node)}`]
    const roles = role === undefined ? [] : ['--roles', role]
    const starting = startBroker({
      host: this.hostOf(node),
      launcher: this.#places[node - 1]?.launcher ?? [],
      port: this.portOf(node),
      isController: role === 'controller',
      dataDirectory: this.dataDirectory(node),
      settings: { ...this.#settings, ...this.#settingsOf(node) },
      arguments: ['--node-id', String(node), '--quorum', this.#quorum, ...listener, ...roles],
    })
    this.#starting.add(starting)
    try {
      this.#running.set(node, await starting)
    } finally {
      this.#starting.delete(starting)
    }
  }

  /** Ends a node with a signal and waits until it is gone. */
  async kill(node: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const broker = this.node(node)
    this.#running.delete(node)
    await broker.kill(signal)
  }

  /** Freezes a node, or lets it go on. */
  signal(node: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.node(node).process.kill(signal)
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#starting)
    await Promise.all(this.runningNodes.map((node) => this.kill(node)))
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
