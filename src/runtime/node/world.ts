/** The real world: files, sockets, wall clock. */
import type { Log } from '../log.ts'
import type { World } from '../world.ts'
import { createNodeClock } from './clock.ts'
import { descriptorsMax } from './descriptors.ts'
import { createNodeDisk } from './disk.ts'
import { nodeNetwork } from './network.ts'
import { nodeRandom } from './random.ts'

export function createNodeWorld(log: Log): World {
  return {
    clock: createNodeClock(),
    disk: createNodeDisk(),
    network: nodeNetwork,
    random: nodeRandom,
    log,
    descriptorsMax: descriptorsMax(),
  }
}
