/**
 * Nodes in this process and in real time, and all that they share: ways between them, time, faults, storage.
 *
 * What makes a start quick is what it leaves out: no processes, no gRPC, no disk unless asked, and no wait for an election:
 * the first node's time-out is the shortest, so that it stands first, as soon as it reaches the others. Nobody's vote is
 * worth less for it.
 */
import { Cluster } from '../client/cluster.ts'
import type { Network } from '../runtime/network.ts'
import { createNodeClock } from '../runtime/node/clock.ts'
import { createNodeDisk } from '../runtime/node/disk.ts'
import { hostTurn } from '../runtime/node/host-turn.ts'
import { nodeNetwork } from '../runtime/node/network.ts'
import { nodeRandom } from '../runtime/node/random.ts'
import { temporaryFolder } from '../runtime/node/temporary-folder.ts'
import { SeededRandom } from '../simulation/seeded-random.ts'
import { hostOf } from '../simulation/simulated-node.ts'
import { VirtualLinks } from '../simulation/virtual-links.ts'
import { VirtualNetwork } from '../simulation/virtual-network.ts'
import { VirtualPeers } from '../simulation/virtual-peers.ts'
import { Calendar } from './calendar.ts'
import { Chronicle } from './chronicle.ts'
import {
  brokerSettings,
  delaysOf,
  nodeCount,
  type StorageKind,
  type TestClusterOptions,
} from './cluster-options.ts'
import { type ClusterWorld, PASSING_MS_MAX } from './controlled-cluster.ts'
import { type EmbeddedMachines, EmbeddedNode } from './embedded-node.ts'
import { FaultRules } from './fault-rules.ts'
import { faultyHandlers } from './faulty-handlers.ts'
import { hasInitialData, makeInitialData } from './initial-data.ts'
import { LiveEvents } from './live-events.ts'
import { folderStorage, memoryStorage, type NodeStorage } from './node-storage.ts'
import { logOfTrouble } from './trouble-log.ts'

/** Longer than the first election takes where nothing is compiled yet: who rings meanwhile only gets in its way. */
const ELECTION_TIMEOUT_MS = '2000'
/** As short as an election needs: the others are asked when they are reached. */
const FIRST_ELECTION_TIMEOUT_MS = '100'
/** Turns of the event loop in which what a leap made due is done, at most: what goes on for ever is not waited for. */
const SETTLE_TURNS_MAX = 50
const SEED_LIMIT = 2 ** 32

export class RealWorld implements ClusterWorld {
  readonly nodes: readonly EmbeddedNode[]
  readonly links: VirtualLinks
  readonly chronicle: Chronicle
  readonly rules = new FaultRules()
  readonly #clock = createNodeClock({ keepsAlive: true })
  readonly #startedMs = this.#clock.monotonicMs()
  readonly #calendar = new Calendar(this.#clock, () => this.#settle())
  readonly #network: VirtualNetwork
  readonly #folder: ReturnType<typeof temporaryFolder> | null

  constructor(options: TestClusterOptions, storage: StorageKind) {
    const settings = brokerSettings(options)
    const clock = this.#clock
    const random = new SeededRandom(options.seed ?? nodeRandom.below(SEED_LIMIT))
    this.chronicle = new Chronicle(() => clock.monotonicMs() - this.#startedMs + this.#calendar.aheadMs)
    this.links = new VirtualLinks(this.#calendar, random.stream('links'))
    this.links.delays = delaysOf(options)
    this.#network = new VirtualNetwork(this.links, random.stream('network'))
    const voters = Array.from({ length: nodeCount(options) }, (_, index) => index + 1)
    this.#folder = storage === 'folder' ? temporaryFolder('sluice-testing-') : null
    const machines = this.#machines(random)
    this.nodes = voters.map(
      (id) =>
        new EmbeddedNode(
          {
            id,
            voters,
            settings: {
              'controller.quorum.election.timeout.ms':
                id === voters[0] ? FIRST_ELECTION_TIMEOUT_MS : ELECTION_TIMEOUT_MS,
              ...settings,
            },
            storage: this.#storageOf(id),
          },
          machines,
        ),
    )
  }

  get nowMs(): number {
    return Math.floor(this.#clock.wallMs() + this.#calendar.aheadMs)
  }

  get bootstrap(): string[] {
    return this.nodes.map(({ door }) => `${door.host}:${door.port}`)
  }

  async start(options: TestClusterOptions): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()))
    if (hasInitialData(options)) await this.#makeInitialData(options)
  }

  /** By a client inside, which leaves no sockets to close. */
  async #makeInitialData(options: TestClusterOptions): Promise<void> {
    const clocks = this.#calendar.clocksOver(this.#clock)
    const life = { host: 'initial-data', source: new LiveEvents(clocks.clock, hostTurn) }
    const ways = this.#network.of(life)
    const network: Network = {
      ...ways,
      connect: (host, port, timeoutMs) => ways.connect(this.#hostAt(port) ?? host, port, timeoutMs),
    }
    const client = new Cluster(
      { clock: clocks.clock, network, random: nodeRandom },
      { bootstrap: this.bootstrap, clientId: life.host },
    )
    try {
      await makeInitialData(client, options)
    } finally {
      await client.close()
      this.#network.end(life)
      life.source.end()
      clocks.end()
    }
  }

  #hostAt(port: number): string | undefined {
    return this.nodes.find(({ door }) => door.port === port)?.host
  }

  settled<T>(work: Promise<T>): Promise<T> {
    return work
  }

  async advance(ms: number): Promise<void> {
    const passingMs = Math.min(ms, PASSING_MS_MAX)
    // To the cluster all clients are silent for as long; some would get a word in otherwise, and some not.
    for (const node of this.nodes) node.hold()
    try {
      await this.#calendar.pass(passingMs)
      if (ms > passingMs) await this.#calendar.leap(ms - passingMs)
    } finally {
      for (const node of this.nodes) node.release()
    }
  }

  async close(): Promise<void> {
    this.rules.clear()
    await Promise.all(this.nodes.map((node) => node.kill()))
    // Sockets and listeners are closed when their turn has ended, and what was under way on files has come back.
    await hostTurn()
    await hostTurn()
    this.#folder?.remove()
  }

  /** Resolves when nothing is under way inside. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS_MAX; turn++) {
      await hostTurn()
      if (this.nodes.every(({ isIdle }) => isIdle)) return
    }
  }

  #storageOf(id: number): NodeStorage {
    if (this.#folder === null) return memoryStorage(this.#clock)
    return folderStorage(createNodeDisk(), this.#folder.path, hostOf(id))
  }

  #machines(random: SeededRandom): EmbeddedMachines {
    const hosts = new Set<string>()
    const handlers = faultyHandlers(this.rules, (address) => hosts.has(address))
    return {
      clock: this.#clock,
      hostTurn,
      realNetwork: nodeNetwork,
      calendar: this.#calendar,
      network: this.#network,
      peers: new VirtualPeers(this.links),
      random,
      doorRandom: nodeRandom,
      hostAt: (port) => this.#hostAt(port),
      logOf: (id) => logOfTrouble((words) => this.chronicle.note(`node ${id}: ${words}`)),
      around: (id) => {
        hosts.add(hostOf(id))
        return { handlers, ...this.chronicle.around }
      },
    }
  }
}
