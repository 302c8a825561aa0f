/**
 * Three nodes in containers of the image that the Dockerfile makes, on a network of their own, as `docker-compose.yml` sets
 * them up: one listener for other containers, one for clients on this machine.
 *
 * The second one's ports are chosen before the start, because a node must tell clients where to find the others.
 */
import { join, resolve } from 'node:path'
import {
  GenericContainer,
  getContainerRuntimeClient,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  Wait,
} from 'testcontainers'
import { freePort } from '../cluster/free-port.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const IMAGE = 'sluice-under-test'
const NODES = [1, 2, 3] as const
const INSIDE_PORT = 29_092
const START_TIMEOUT_MS = 60_000

export type NodeId = (typeof NODES)[number]

export class ContainerCluster {
  readonly #network: StartedNetwork
  readonly #nodes: ReadonlyMap<NodeId, StartedTestContainer>
  readonly #others: StartedTestContainer[] = []
  /** For clients on this machine. */
  readonly bootstrap: string
  /** For clients in containers. */
  readonly insideBootstrap = NODES.map((id) => `sluice-${id}:${INSIDE_PORT}`).join(',')

  private constructor(
    network: StartedNetwork,
    nodes: ReadonlyMap<NodeId, StartedTestContainer>,
    bootstrap: string,
  ) {
    this.#network = network
    this.#nodes = nodes
    this.bootstrap = bootstrap
  }

  /** Builds the image and starts three healthy nodes. */
  static async start(): Promise<ContainerCluster> {
    await GenericContainer.fromDockerfile(ROOT).build(IMAGE, { deleteOnExit: false })
    const network = await new Network().start()
    const ports = await Promise.all(NODES.map(freePort))
    const started = await Promise.all(
      NODES.map(async (id, index) => [id, await startNode(network, id, ports[index] ?? 0)] as const),
    )
    const bootstrap = ports.map((port) => `localhost:${port}`).join(',')
    return new ContainerCluster(network, new Map(started), bootstrap)
  }

  /** SIGKILL, as `docker kill` does it. */
  async kill(id: NodeId): Promise<void> {
    await (await this.#raw(this.#node(id))).kill()
  }

  async restart(id: NodeId): Promise<void> {
    await (await this.#raw(this.#node(id))).start()
  }

  /** Starts `container-client.js` in a container of the same image; resolves when its first message is acknowledged. */
  async startClient(topic: string): Promise<StartedTestContainer> {
    const client = await new GenericContainer(IMAGE)
      .withNetwork(this.#network)
      .withCopyDirectoriesToContainer([
        { source: join(ROOT, 'node_modules/kafkajs'), target: '/app/node_modules/kafkajs' },
      ])
      .withCopyFilesToContainer([
        { source: join(import.meta.dirname, 'container-client.js'), target: '/app/container-client.mjs' },
      ])
      .withEntrypoint(['/usr/bin/tini', '--', 'node', '/app/container-client.mjs'])
      .withCommand([this.insideBootstrap, topic])
      .withWaitStrategy(Wait.forLogMessage('sending'))
      .withStartupTimeout(START_TIMEOUT_MS)
      .start()
    this.#others.push(client)
    return client
  }

  /** Asks the client to stop and answers how many of its messages were acknowledged. */
  async stopClient(client: StartedTestContainer): Promise<number> {
    const raw = await this.#raw(client)
    await raw.kill({ signal: 'SIGTERM' })
    await raw.wait()
    const output = (await raw.logs({ stdout: true, stderr: true })).toString()
    const count = /acknowledged (\d+)/.exec(output)?.[1]
    if (count === undefined) throw new Error(`the client in the container failed: ${output}`)
    return Number(count)
  }

  /** Removes the containers, their volumes and the network. */
  async close(): Promise<void> {
    for (const container of [...this.#others, ...this.#nodes.values()]) {
      const raw = await this.#raw(container)
      await raw.remove({ force: true, v: true })
    }
    await this.#network.stop()
  }

  #node(id: NodeId): StartedTestContainer {
    const node = this.#nodes.get(id)
    if (node === undefined) throw new Error(`there is no node ${id}`)
    return node
  }

  async #raw(container: StartedTestContainer) {
    const engine = await getContainerRuntimeClient()
    return engine.container.getById(container.getId())
  }
}

function startNode(network: StartedNetwork, id: NodeId, port: number): Promise<StartedTestContainer> {
  return new GenericContainer(IMAGE)
    .withNetwork(network)
    .withNetworkAliases(`sluice-${id}`)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment({
      SLUICE_NODE_ID: String(id),
      SLUICE_CONTROLLER_QUORUM_VOTERS: NODES.map((node) => `${node}@sluice-${node}:9192`).join(','),
      SLUICE_LISTENER_SECURITY_PROTOCOL_MAP: 'INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT',
      SLUICE_INTER_BROKER_LISTENER_NAME: 'INSIDE',
      SLUICE_LISTENERS: `INSIDE://0.0.0.0:${INSIDE_PORT},OUTSIDE://0.0.0.0:${port}`,
      SLUICE_ADVERTISED_LISTENERS: `INSIDE://sluice-${id}:${INSIDE_PORT},OUTSIDE://localhost:${port}`,
    })
    .withCommand(['start'])
    .withWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(START_TIMEOUT_MS)
    .start()
}
