/** What happens to whole machines and their processes: they die, lose power, stand still, stop, lose their disk. */
import type { SimulatedNode } from '../simulated-node.ts'
import type { Arsenal } from './arsenal.ts'

export const MACHINE_FAULTS = [
  'kill',
  'kill all',
  'power cut',
  'power cut of all',
  'freeze',
  'stalls',
  'clean stop',
  'wiped disk',
] as const

export type MachineFaultKind = (typeof MACHINE_FAULTS)[number]

const FREEZE_MS_MAX = 6_000
const STOP_MS_MAX = 10_000
const STALL_MS_MAX = 400
const STALLS_MAX = 10

export class MachineFaults {
  readonly #arsenal: Arsenal

  constructor(arsenal: Arsenal) {
    this.#arsenal = arsenal
  }

  /** Resolves when it is over; false when it could not strike. */
  async strike(kind: MachineFaultKind, node: SimulatedNode): Promise<boolean> {
    const { simulation, random, atlas } = this.#arsenal
    const { nodes, queue } = simulation
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
        node.freeze(queue.nowMs + random.between(1, FREEZE_MS_MAX))
        return true
      case 'stalls':
        for (let left = random.below(STALLS_MAX); left >= 0; left--) {
          random.pick(nodes).freeze(queue.nowMs + random.between(1, STALL_MS_MAX))
          await this.#arsenal.pause(random.between(1, STALL_MS_MAX))
        }
        return true
      case 'clean stop':
        // Another fault may strike it meanwhile, and then it never has stopped.
        await Promise.race([node.stop(), this.#arsenal.pause(STOP_MS_MAX)])
        node.kill()
        return await this.#restart([node])
      case 'wiped disk':
        if (!atlas.wipes(node.id)) return false
        node.wipe()
        return await this.#restart([node])
    }
  }

  async #restart(nodes: readonly SimulatedNode[]): Promise<boolean> {
    await this.#arsenal.restart(nodes)
    return true
  }
}
