/**
 * Starts a cluster in a world where everything follows from a seed: for code that uses the client of this house.
 *
 * Time stands still until a test lets something be `settled` or time `advance`; both let all of the world live on, clients
 * too. Same seed, same calls, same history.
 */
import type { Cluster, ClusterOptions } from '../client/cluster.ts'
import { hostTurn } from '../runtime/node/host-turn.ts'
import { hostOf } from '../simulation/simulated-node.ts'
import { Simulation } from '../simulation/simulation.ts'
import { EPOCH_MS } from '../simulation/virtual-clock.ts'
import type { VirtualLinks } from '../simulation/virtual-links.ts'
import { Calendar } from './calendar.ts'
import { Chronicle } from './chronicle.ts'
import { brokerSettings, delaysOf, nodeCount, type TestClusterOptions } from './cluster-options.ts'
import {
  type ClusterWorld,
  ControlledCluster,
  type ControlledNode,
  PASSING_MS_MAX,
} from './controlled-cluster.ts'
import { FaultRules } from './fault-rules.ts'
import { faultyHandlers } from './faulty-handlers.ts'
import { hasInitialData, makeInitialData } from './initial-data.ts'
import type { TestCluster } from './test-cluster.ts'

/** A cluster in virtual time. */
export interface SimulatedCluster extends TestCluster {
  /** A client on a machine of its own, which no partition cuts off; its time is that of the simulation. */
  client(name?: string, options?: Omit<ClusterOptions, 'bootstrap'>): Cluster
  /** Lets time pass until that has ended; what it ended with. Throws when it takes two minutes, or can never end. */
  settled<T>(work: Promise<T>): Promise<T>
  /** Of everything that happened: the same for the same seed and calls. */
  readonly hash: string
}

/** What is due in a leap has that long to be done. */
const SETTLE_MS = 5

class VirtualWorld implements ClusterWorld {
  readonly simulation: Simulation
  readonly chronicle: Chronicle
  readonly rules = new FaultRules()
  readonly #calendar: Calendar

  constructor(options: TestClusterOptions) {
    const count = nodeCount(options)
    const hosts = new Set(Array.from({ length: count }, (_, index) => hostOf(index + 1)))
    const handlers = faultyHandlers(this.rules, (address) => hosts.has(address))
    this.chronicle = new Chronicle(() => this.simulation.queue.nowMs + this.#calendar.aheadMs)
    this.simulation = new Simulation({
      seed: options.seed ?? 1,
      nodes: count,
      settings: brokerSettings(options),
      surroundings: {
        around: () => ({ handlers, ...this.chronicle.around }),
        clocksOver: (machine) => this.#calendar.clocksOver(machine),
      },
      hostTurn,
    })
    this.#calendar = new Calendar(this.simulation.clientClock(), () => this.simulation.pass(SETTLE_MS))
    if (options.latency !== undefined) this.simulation.links.delays = delaysOf(options)
  }

  get nodes(): readonly ControlledNode[] {
    return this.simulation.nodes
  }

  get links(): VirtualLinks {
    return this.simulation.links
  }

  get nowMs(): number {
    return Math.floor(EPOCH_MS + this.simulation.queue.nowMs + this.#calendar.aheadMs)
  }

  settled<T>(work: Promise<T>): Promise<T> {
    return this.simulation.settled(work)
  }

  async advance(ms: number): Promise<void> {
    const passingMs = Math.min(ms, PASSING_MS_MAX)
    await this.simulation.pass(passingMs)
    if (ms > passingMs) await this.#calendar.leap(ms - passingMs)
  }

  async close(): Promise<void> {
    for (const node of this.simulation.nodes) node.kill()
    await this.simulation.queue.settle()
  }
}

class VirtualCluster extends ControlledCluster implements SimulatedCluster {
  readonly #virtual: VirtualWorld
  #clients = 0

  constructor(world: VirtualWorld) {
    super(world)
    this.#virtual = world
  }

  client(name = `client-${++this.#clients}`, options: Omit<ClusterOptions, 'bootstrap'> = {}): Cluster {
    return this.#virtual.simulation.client(name, options)
  }

  settled<T>(work: Promise<T>): Promise<T> {
    return this.#virtual.settled(work)
  }

  get hash(): string {
    return this.#virtual.simulation.hash
  }
}

/** As `startCluster`, without sockets; `seed` is 1 unless told. */
export async function startSimulation(options: TestClusterOptions = {}): Promise<SimulatedCluster> {
  const world = new VirtualWorld(options)
  await world.simulation.start()
  if (hasInitialData(options))
    await world.settled(makeInitialData(world.simulation.client('initial-data'), options))
  const count = world.nodes.length
  world.chronicle.note(count === 1 ? 'one node serves' : `${count} nodes serve`)
  return new VirtualCluster(world)
}
