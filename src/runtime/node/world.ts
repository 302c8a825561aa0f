/** The real world: files, sockets, wall clock. */
import type { Log } from '../log.ts'
import type { PeerNetwork } from '../peers.ts'
import type { World } from '../world.ts'
import { createNodeClock } from './clock.ts'
import { descriptorsMax } from './descriptors.ts'
import { createNodeDisk } from './disk.ts'
import { nodeNetwork } from './network.ts'
import { nodeRandom } from './random.ts'

/** `peers` is loaded by those who have some: a node that is alone carries no gRPC. */
export function createNodeWorld(log: Log, peers: PeerNetwork): World {
  const clock = createNodeClock()
  return {
    clock,
    calendar: clock,
    disk: createNodeDisk(),
    network: nodeNetwork,
    peers,
    random: nodeRandom,
    log,
    descriptorsMax: descriptorsMax(),
  }
}
