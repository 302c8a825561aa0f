/**
 * What the replica fetchers are given by the broker that runs them.
 *
 * Everything that may change while the broker runs is asked for when it is needed, never kept.
 */
import type { MetricsRegistry } from '../../runtime/metrics.ts'
import type { World } from '../../runtime/world.ts'
import type { Settings } from '../config/settings.ts'
import type { LeaderDoubts } from '../leader-doubts.ts'

export interface FetcherEnvironment {
  readonly nodeId: number
  readonly world: Pick<World, 'clock' | 'network' | 'log'>
  /** Asked for `replica.fetch.*`, `replica.socket.timeout.ms`, `num.replica.fetchers`, throttles. */
  readonly settings: Pick<Settings, 'number' | 'text'>
  readonly metrics: MetricsRegistry
  /** This broker's registration as the quorum has it; nothing is fetched while it is -1 (KIP-903). */
  readonly brokerEpoch: () => bigint
  /** Name of the listener over which brokers speak to each other; a broker without one of that name is dialled at its first. */
  readonly interBrokerListener: () => string
  /** Told when the connection to a leader breaks, and when it answers again. */
  readonly leaderDoubts: Pick<LeaderDoubts, 'begin' | 'end'>
}
