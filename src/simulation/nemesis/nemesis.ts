/**
 * Strikes a simulated cluster with faults, each class switched on or off and drawn by the seed (swarm testing).
 *
 * It knows nothing of what the cluster holds. What ruins data strikes where the atlas allows it, so that a good copy of
 * everything is left; all else may strike all nodes at once. Some seeds have two faults under way at a time, so that one
 * strikes what the other has left lagging. `heal` ends every fault.
 */
import type { Ruin } from '../history.ts'
import type { SimulatedNode } from '../simulated-node.ts'
import type { Simulation } from '../simulation.ts'
import { Arsenal } from './arsenal.ts'
import { CLOCK_FAULTS, type ClockFaultKind, ClockFaults } from './clock-faults.ts'
import { DISK_FAULTS, type DiskFaultKind, DiskFaults } from './disk-faults.ts'
import type { FaultAtlas } from './fault-atlas.ts'
import { MACHINE_FAULTS, type MachineFaultKind, MachineFaults } from './machine-faults.ts'
import { NETWORK_FAULTS, type NetworkFaultKind, NetworkFaults } from './network-faults.ts'

export const FAULTS = [...MACHINE_FAULTS, ...NETWORK_FAULTS, ...CLOCK_FAULTS, ...DISK_FAULTS] as const

export type FaultKind = (typeof FAULTS)[number]

const ON_SHARE = 0.5
const BETWEEN_MS_MAX = 2_500
const TWO_HANDS_SHARE = 0.4

export class Nemesis {
  readonly #simulation: Simulation
  readonly #random
  readonly #arsenal: Arsenal
  readonly #machines: MachineFaults
  readonly #network: NetworkFaults
  readonly #clocks: ClockFaults
  readonly #disks: DiskFaults
  readonly #kinds: readonly FaultKind[]
  /** How often each has struck. */
  readonly counts = new Map<FaultKind, number>()

  constructor(simulation: Simulation, atlas: FaultAtlas, allowed: readonly FaultKind[] = FAULTS) {
    this.#simulation = simulation
    this.#random = simulation.random.stream('nemesis')
    this.#kinds = allowed.filter(() => this.#random.chance(ON_SHARE))
    this.#arsenal = new Arsenal(simulation, this.#random, atlas)
    this.#machines = new MachineFaults(this.#arsenal)
    this.#network = new NetworkFaults(this.#arsenal)
    this.#clocks = new ClockFaults(this.#arsenal)
    this.#disks = new DiskFaults(this.#arsenal)
  }

  /** Replicas of which a part was destroyed. */
  get ruins(): readonly Ruin[] {
    return this.#arsenal.ruins
  }

  /** Strikes for that long, again and again. */
  async rage(forMs: number): Promise<void> {
    const endMs = this.#simulation.queue.nowMs + forMs
    const hands = this.#random.chance(TWO_HANDS_SHARE) ? 2 : 1
    await Promise.all(Array.from({ length: hands }, () => this.#rageUntil(endMs)))
  }

  async #rageUntil(endMs: number): Promise<void> {
    const { queue } = this.#simulation
    while (queue.nowMs < endMs) {
      await this.#arsenal.pause(this.#random.between(0, BETWEEN_MS_MAX))
      if (this.#kinds.length > 0) await this.#strike(this.#random.pick(this.#kinds))
    }
  }

  /** Ends all that is wrong, and starts every node. */
  async heal(): Promise<void> {
    for (const family of [this.#network, this.#clocks, this.#disks]) family.mend()
    for (const node of this.#simulation.nodes) this.#arsenal.start(node)
  }

  async #strike(kind: FaultKind): Promise<void> {
    const { nodes, transcript } = this.#simulation
    const node = this.#random.pick(nodes)
    transcript.note('nemesis', `${kind} ${node.host}`)
    const hasStruck = await this.#strikeAt(kind, node)
    if (hasStruck !== false) this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }

  /** false when it could not strike. */
  #strikeAt(kind: FaultKind, node: SimulatedNode): Promise<boolean | undefined> {
    if (isOneOf<MachineFaultKind>(kind, MACHINE_FAULTS)) return this.#machines.strike(kind, node)
    if (isOneOf<DiskFaultKind>(kind, DISK_FAULTS)) return this.#disks.strike(kind, node)
    if (isOneOf<ClockFaultKind>(kind, CLOCK_FAULTS)) return done(this.#clocks.strike(kind, node))
    return this.#network.strike(kind satisfies NetworkFaultKind, node)
  }
}

async function done(strike: Promise<void>): Promise<undefined> {
  await strike
}

function isOneOf<K extends FaultKind>(kind: FaultKind, kinds: readonly K[]): kind is K {
  return kinds.some((one) => one === kind)
}
