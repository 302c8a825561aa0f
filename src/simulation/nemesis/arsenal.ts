/** What the faults of all families have in common: the world that they strike, its chances, and time that passes. */
import type { Ruin } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { SimulatedNode } from '../simulated-node.ts'
import type { Simulation } from '../simulation.ts'
import type { FaultAtlas } from './fault-atlas.ts'

const DOWN_MS_MAX = 3_000

export class Arsenal {
  readonly simulation: Simulation
  readonly random: SeededRandom
  readonly atlas: FaultAtlas
  /** What rotted, and when. */
  readonly ruins: Ruin[] = []

  constructor(simulation: Simulation, random: SeededRandom, atlas: FaultAtlas) {
    this.simulation = simulation
    this.random = random
    this.atlas = atlas
  }

  /** Starts them after a while. */
  async restart(nodes: readonly SimulatedNode[]): Promise<void> {
    await this.lull()
    for (const node of nodes) this.start(node)
  }

  /** A start that the next fault cuts short never ends, so nobody waits for it. Who left the cluster stays away. */
  start(node: SimulatedNode): void {
    if (!node.isRunning && this.simulation.nodes.includes(node)) void node.start()
  }

  /** As long as somebody may take to mend something. */
  lull(): Promise<void> {
    return this.pause(this.random.between(0, DOWN_MS_MAX))
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.simulation.clientClock().schedule(ms, resolve))
  }
}
