/** What goes wrong with clocks: wall time jumps and stands still, and monotonic time runs fast or slow. */
import type { SimulatedNode } from '../simulated-node.ts'
import type { Arsenal } from './arsenal.ts'

export const CLOCK_FAULTS = ['clock jump', 'clock freeze', 'clock drift'] as const

export type ClockFaultKind = (typeof CLOCK_FAULTS)[number]

const JUMP_MS = 3_600_000
/** Far beyond what a quartz does; a virtual machine may. */
const DRIFT = 0.05

export class ClockFaults {
  readonly #arsenal: Arsenal

  constructor(arsenal: Arsenal) {
    this.#arsenal = arsenal
  }

  /** Resolves when it is over; a clock that jumped or drifts stays wrong. */
  async strike(kind: ClockFaultKind, node: SimulatedNode): Promise<void> {
    const { random } = this.#arsenal
    const { clockErrors } = node
    switch (kind) {
      case 'clock jump':
        clockErrors.skewMs += random.between(-JUMP_MS, JUMP_MS)
        return
      case 'clock freeze':
        node.freezeWallTime()
        await this.#arsenal.lull()
        clockErrors.frozenMs = null
        return
      case 'clock drift':
        // The rate is that of a life.
        node.kill()
        clockErrors.rate = random.between(1 - DRIFT, 1 + DRIFT)
        return await this.#arsenal.restart([node])
    }
  }

  /** Wall time goes on everywhere; it stays wrong. */
  mend(): void {
    for (const { clockErrors } of this.#arsenal.simulation.nodes) clockErrors.frozenMs = null
  }
}
