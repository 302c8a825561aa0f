/**
 * What a broker is started with, typed: the settings that cannot change while it runs.
 *
 * `statics` keeps every setting as it was written, by Kafka's names; those that may change at run time are
 * resolved over it again and again (dynamic before static before default).
 */
import type { Endpoint } from './endpoints.ts'

export interface BrokerConfig {
  readonly nodeId: number
  readonly rack: string | null
  /** Endpoints that clients connect to; at least one. */
  readonly listeners: readonly Endpoint[]
  /** Addresses told to clients, by listener name; a listener that is missing answers what was dialled. */
  readonly advertised: ReadonlyMap<string, Endpoint>
  readonly logDirectories: readonly string[]
  /** null: made up at the first start and kept in `meta.properties`. */
  readonly clusterId: string | null
  /** Port of `/metrics`, `/livez` and `/readyz`; null: not served. */
  readonly observability: Endpoint | null
  /** Every static setting as written. */
  readonly statics: ReadonlyMap<string, string>
}
