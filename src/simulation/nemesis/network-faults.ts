/**
 * What goes wrong between machines: ways are cut in one direction or both, slow, some parcels come late, and connections
 * break or come twice.
 */
import type { SimulatedNode } from '../simulated-node.ts'
import { SOUND_DELAYS } from '../virtual-links.ts'
import type { Arsenal } from './arsenal.ts'

export const NETWORK_FAULTS = [
  'partition',
  'one-way cut',
  'swizzled cuts',
  'wandering cut',
  'stuck parcels',
  'slow network',
  'split bytes',
  'broken connections',
  'ghost connections',
] as const

export type NetworkFaultKind = (typeof NETWORK_FAULTS)[number]

const SWIZZLE_MS_MAX = 800
const WANDERING_MS_MAX = 1_500
const WANDERINGS_MAX = 5
const STUCK_SHARE_MAX = 0.005
const BROKEN_SHARE = 0.5

export class NetworkFaults {
  readonly #arsenal: Arsenal

  constructor(arsenal: Arsenal) {
    this.#arsenal = arsenal
  }

  /**
   * Resolves when it is over, which slowness, stuck parcels and split bytes are not before `mend`; false when there is no way
   * to cut.
   */
  async strike(kind: NetworkFaultKind, node: SimulatedNode): Promise<boolean> {
    const { simulation, random } = this.#arsenal
    const { links, network, nodes } = simulation
    const others = nodes.filter(({ id }) => id !== node.id)
    switch (kind) {
      case 'partition':
        for (const one of others) this.#cutBoth(node, one)
        return others.length > 0 && (await this.#healLater())
      case 'one-way cut':
        if (others.length === 0) return false
        links.cut(node.host, random.pick(others).host)
        return await this.#healLater()
      case 'swizzled cuts':
        return others.length > 0 && (await this.#swizzle())
      case 'wandering cut':
        return others.length > 0 && (await this.#wander(node))
      case 'stuck parcels': {
        const share = random.between(0, STUCK_SHARE_MAX)
        for (const one of others) this.#stickBoth(node, one, share)
        return others.length > 0
      }
      case 'slow network':
        links.delays = { leastMs: 1, mostMs: random.between(2, 60), slowShare: 0.02 }
        return true
      case 'split bytes':
        network.splitShare = random.between(0.1, 1)
        return true
      case 'broken connections':
        network.breakSome(node.host, BROKEN_SHARE)
        return true
      case 'ghost connections':
        network.ghostShare = random.between(0.1, 1)
        return true
    }
  }

  /** Ends every fault. */
  mend(): void {
    const { links, network } = this.#arsenal.simulation
    const { nodes } = this.#arsenal.simulation
    links.heal()
    for (const one of nodes) for (const other of nodes) links.stick(one.host, other.host, 0)
    links.delays = SOUND_DELAYS
    network.splitShare = null
    network.ghostShare = 0
  }

  /** One after the other is cut off, and comes back in another order (FoundationDB's swizzle-clog). */
  async #swizzle(): Promise<boolean> {
    const { simulation, random } = this.#arsenal
    const { links, nodes } = simulation
    const left = nodes.filter(() => random.chance(0.7))
    const cut: SimulatedNode[] = []
    while (left.length > 0) {
      const [one] = left.splice(random.below(left.length), 1)
      if (one === undefined) return true
      for (const other of nodes) if (other !== one) this.#cutBoth(one, other)
      cut.push(one)
      await this.#arsenal.pause(random.between(0, SWIZZLE_MS_MAX))
    }
    while (cut.length > 0) {
      cut.splice(random.below(cut.length), 1)
      links.heal()
      for (const one of cut) for (const other of nodes) if (other !== one) this.#cutBoth(one, other)
      await this.#arsenal.pause(random.between(0, SWIZZLE_MS_MAX))
    }
    return true
  }

  /** Whoever was cut off comes back, lagging, as another one goes: the one that had got furthest, perhaps. */
  async #wander(first: SimulatedNode): Promise<true> {
    const { simulation, random } = this.#arsenal
    const { links, nodes } = simulation
    let away = first
    for (let left = 1 + random.below(WANDERINGS_MAX); left >= 0; left--) {
      links.heal()
      for (const other of nodes) if (other !== away) this.#cutBoth(away, other)
      await this.#arsenal.pause(random.between(0, WANDERING_MS_MAX))
      const here = away
      away = random.pick(nodes.filter((node) => node !== here))
    }
    links.heal()
    return true
  }

  #stickBoth(one: SimulatedNode, other: SimulatedNode, share: number): void {
    const { links } = this.#arsenal.simulation
    links.stick(one.host, other.host, share)
    links.stick(other.host, one.host, share)
  }

  #cutBoth(one: SimulatedNode, other: SimulatedNode): void {
    const { links } = this.#arsenal.simulation
    links.cut(one.host, other.host)
    links.cut(other.host, one.host)
  }

  async #healLater(): Promise<true> {
    await this.#arsenal.lull()
    this.#arsenal.simulation.links.heal()
    return true
  }
}
