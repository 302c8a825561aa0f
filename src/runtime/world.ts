/**
 * The world as a parameter: everything a broker may touch outside its own memory (DESIGN: real,
 * embedded and simulated worlds run the same broker).
 */
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Log } from './log.ts'
import type { Network } from './network.ts'
import type { PeerNetwork } from './peers.ts'
import type { Random } from './random.ts'

export interface World {
  /** What this node and the others believe of each other goes by it. */
  readonly clock: Clock
  /**
   * By which data and the members of groups grow old: the same clock, unless somebody lets days pass in a moment, which
   * must not make the nodes of a cluster give each other up.
   */
  readonly calendar: Clock
  readonly disk: Disk
  readonly network: Network
  /** To the other nodes of the cluster. */
  readonly peers: PeerNetwork
  readonly random: Random
  readonly log: Log
  /** Files and sockets that may be open at once, all together. */
  readonly descriptorsMax: number
}
