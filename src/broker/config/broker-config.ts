/**
 * What a broker is started with, typed: the settings that cannot change while it runs.
 *
 * `statics` keeps every setting as it was written, by Kafka's names; those that may change at run time are
 * resolved over it again and again (dynamic before static before default).
 */
import type { Endpoint } from './endpoints.ts'
import type { QuorumConfig } from './quorum-config.ts'

export interface BrokerConfig {
  readonly nodeId: number
  readonly rack: string | null
  /** Endpoints that clients connect to; none where this node is only a controller. */
  readonly listeners: readonly Endpoint[]
  /** Name of the listener over which brokers reach each other; where a broker has none of that name, its first. */
  readonly interBrokerListener: string
  readonly quorum: QuorumConfig
  /** Addresses told to clients, by listener name; a listener that is missing answers what was dialled. */
  readonly advertised: ReadonlyMap<string, Endpoint>
  readonly logDirectories: readonly string[]
  /** null: the quorum's, or made up at the first start; kept in `meta.properties`. */
  readonly clusterId: string | null
  /** Port of `/metrics`, `/livez` and `/readyz`; null: not served. */
  readonly observability: Endpoint | null
  /** Every static setting as written. */
  readonly statics: ReadonlyMap<string, string>
}
