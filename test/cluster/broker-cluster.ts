/**
 * Several real broker processes that form one cluster, on free ports, each with a folder of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrokerProcess, startBroker } from './broker-process.ts'

/** A free port: the system gives none of these to others for a while. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

export interface ClusterOptions {
  readonly nodes?: number
  readonly settings?: Readonly<Record<string, string>>
}

export class BrokerCluster {
  readonly #directory = mkdtempSync(join(tmpdir(), 'sluice-cluster-'))
  readonly #settings: Readonly<Record<string, string>>
  readonly #ports: readonly number[]
  readonly #quorum: string
  readonly #running = new Map<number, BrokerProcess>()

  private constructor(options: ClusterOptions, ports: readonly number[], quorumPorts: readonly number[]) {
    this.#settings = options.settings ?? {}
    this.#ports = ports
    this.#quorum = quorumPorts.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(',')
  }

  static async start(options: ClusterOptions = {}): Promise<BrokerCluster> {
    const nodes = options.nodes ?? 3
    const ports = await Promise.all(Array.from({ length: nodes * 2 }, freePort))
    const cluster = new BrokerCluster(options, ports.slice(0, nodes), ports.slice(nodes))
    await Promise.all(ports.slice(0, nodes).map((_, index) => cluster.startNode(index + 1)))
    return cluster
  }

  get bootstrap(): string {
    return this.#ports.map((port) => `127.0.0.1:${port}`).join(',')
  }

  portOf(node: number): number {
    const port = this.#ports[node - 1]
    if (port === undefined) throw new Error(`there is no node ${node}`)
    return port
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
    return join(this.#directory, String(node))
  }

  /** Resolves when clients can connect to it. */
  async startNode(node: number): Promise<void> {
    const broker = await startBroker({
      port: this.portOf(node),
      dataDirectory: this.dataDirectory(node),
      settings: this.#settings,
      arguments: ['--node-id', String(node), '--quorum', this.#quorum],
    })
    this.#running.set(node, broker)
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
    await Promise.all(this.runningNodes.map((node) => this.kill(node)))
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
