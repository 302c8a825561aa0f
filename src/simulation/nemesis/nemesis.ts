/**
 * Strikes a simulated cluster with faults, each class switched on or off and drawn by the seed (swarm testing).
 *
 * It knows nothing of what the cluster holds. At most one machine's disk is ruined, so that a good copy of everything is
 * left; everything else may strike all nodes at once. `heal` ends every fault.
 */
import type { SimulatedNode } from '../simulated-node.ts'
import type { Simulation } from '../simulation.ts'
import { SOUND_DELAYS } from '../virtual-links.ts'

export const FAULTS = [
  'kill',
  'kill all',
  'power cut',
  'power cut of all',
  'freeze',
  'partition',
  'one-way cut',
  'slow network',
  'clock jump',
  'clean stop',
  'wiped disk',
] as const

export type FaultKind = (typeof FAULTS)[number]

const ON_SHARE = 0.5
const BETWEEN_MS_MAX = 2_500
const DOWN_MS_MAX = 3_000
const FREEZE_MS_MAX = 6_000
const JUMP_MS = 3_600_000

export class Nemesis {
  readonly #simulation: Simulation
  readonly #random
  readonly #kinds: readonly FaultKind[]
  readonly counts = new Map<FaultKind, number>()
  /** The one whose disk may be ruined. */
  readonly #victim: number

  constructor(simulation: Simulation, allowed: readonly FaultKind[] = FAULTS) {
    this.#simulation = simulation
    this.#random = simulation.random.stream('nemesis')
    this.#kinds = allowed.filter(() => this.#random.chance(ON_SHARE))
    this.#victim = 1 + this.#random.below(simulation.nodes.length)
  }

  /** Strikes for that long, again and again. */
  async rage(forMs: number): Promise<void> {
    const { queue } = this.#simulation
    const endMs = queue.nowMs + forMs
    while (queue.nowMs < endMs) {
      await this.#pause(this.#random.between(0, BETWEEN_MS_MAX))
      if (this.#kinds.length > 0) await this.#strike(this.#random.pick(this.#kinds))
    }
  }

  /** Ends all that is wrong, and starts every node. */
  async heal(): Promise<void> {
    this.#simulation.links.heal()
    this.#simulation.links.delays = SOUND_DELAYS
    for (const node of this.#simulation.nodes) this.#start(node)
  }

  async #strike(kind: FaultKind): Promise<void> {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    const { links, nodes, transcript, queue } = this.#simulation
    const node = this.#random.pick(nodes)
    const other = this.#random.pick(nodes.filter(({ id }) => id !== node.id))
    transcript.note('nemesis', `${kind} ${node.host}`)
    switch (kind) {
      case 'kill':
        node.kill()
        return await this.#restart([node])
      case 'power cut':
        node.losePower()
        return await this.#restart([node])
      case 'kill all':
        for (const one of nodes) one.kill()
        return await this.#restart(nodes)
      case 'power cut of all':
        for (const one of nodes) one.losePower()
        return await this.#restart(nodes)
      case 'freeze':
        node.freeze(queue.nowMs + this.#random.between(1, FREEZE_MS_MAX))
        return
      case 'partition':
        for (const one of nodes) {
          if (one.id === node.id) continue
          links.cut(node.host, one.host)
          links.cut(one.host, node.host)
        }
        return await this.#mend()
      case 'one-way cut':
        links.cut(node.host, other.host)
        return await this.#mend()
      case 'slow network':
        links.delays = { leastMs: 1, mostMs: this.#random.between(2, 60), slowShare: 0.02 }
        return
      case 'clock jump':
        node.clockErrors.skewMs += this.#random.between(-JUMP_MS, JUMP_MS)
        return
      case 'clean stop':
        await node.stop()
        return await this.#restart([node])
      case 'wiped disk': {
        const victim = this.#simulation.node(this.#victim)
        victim.wipe()
        return await this.#restart([victim])
      }
    }
  }

  async #restart(nodes: readonly SimulatedNode[]): Promise<void> {
    await this.#pause(this.#random.between(0, DOWN_MS_MAX))
    for (const node of nodes) this.#start(node)
  }

  async #mend(): Promise<void> {
    await this.#pause(this.#random.between(0, DOWN_MS_MAX))
    this.#simulation.links.heal()
  }

  /** A start that the next fault cuts short never ends, so nobody waits for it. */
  #start(node: SimulatedNode): void {
    if (!node.isRunning) void node.start()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#simulation.clientClock().schedule(ms, resolve))
  }
}
