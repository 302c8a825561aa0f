/** Starts a cluster of real brokers inside this process, for any client of Kafka's protocol to connect to over loopback. */
import type { StorageKind, TestClusterOptions } from './cluster-options.ts'
import { ControlledCluster } from './controlled-cluster.ts'
import { RealWorld } from './real-world.ts'
import type { TestCluster } from './test-cluster.ts'

export interface StartOptions extends TestClusterOptions {
  /** In memory, unless told. */
  readonly storage?: StorageKind
}

/** A cluster that clients reach over loopback. */
export interface StartedCluster extends TestCluster {
  /** `host:port` of every node, for a client to begin with; the same for all of their lives. */
  readonly bootstrap: string[]
}

class RealCluster extends ControlledCluster implements StartedCluster {
  readonly #real: RealWorld

  constructor(world: RealWorld) {
    super(world)
    this.#real = world
  }

  get bootstrap(): string[] {
    return this.#real.bootstrap
  }
}

/** Resolves when all nodes serve, and what was asked for is there. Rejects with an error for people when they cannot. */
export async function startCluster(options: StartOptions = {}): Promise<StartedCluster> {
  const world = new RealWorld(options, options.storage ?? 'memory')
  try {
    await world.start(options)
  } catch (error) {
    await world.close()
    throw error
  }
  const count = world.nodes.length
  world.chronicle.note(count === 1 ? 'one node serves' : `${count} nodes serve`)
  return new RealCluster(world)
}
