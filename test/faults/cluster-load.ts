/**
 * Everything that keeps three brokers busy while faults strike, and holds them to their promises: our own client
 * (`ClusterLedger`), stock kafkajs (`StockLoad`), and a look at who leads (`LeaderWatch`).
 */
import type { BrokerCluster } from '../cluster/broker-cluster.ts'
import { ClusterLedger, LEDGER_PARTITIONS, LEDGER_TOPIC } from './cluster-ledger.ts'
import { LeaderWatch } from './leader-watch.ts'
import { STOCK_PARTITIONS, STOCK_TOPIC, StockLoad } from './stock-load.ts'

const REPLICAS = 3

/** The topics whose replicas can be compared byte by byte once the load has ended, with their partitions. */
export const LOADED_TOPICS: ReadonlyMap<string, number> = new Map([
  [LEDGER_TOPIC, LEDGER_PARTITIONS],
  [STOCK_TOPIC, STOCK_PARTITIONS],
])

export class ClusterLoad {
  readonly #ledger: ClusterLedger
  readonly #stock: StockLoad
  readonly #watch: LeaderWatch

  private constructor(ledger: ClusterLedger, stock: StockLoad, watch: LeaderWatch) {
    this.#ledger = ledger
    this.#stock = stock
    this.#watch = watch
  }

  /** @param requestTimeoutMs after which a client gives a connection up. */
  static async open(cluster: BrokerCluster, requestTimeoutMs: number): Promise<ClusterLoad> {
    const ledger = await ClusterLedger.open(cluster.bootstrap, REPLICAS, requestTimeoutMs)
    const stock = await StockLoad.open(cluster.bootstrap, requestTimeoutMs)
    const watch = new LeaderWatch(cluster, [...LOADED_TOPICS.keys(), '__consumer_offsets'])
    return new ClusterLoad(ledger, stock, watch)
  }

  /** The counts of everything that was judged, a line each. */
  get summary(): readonly string[] {
    return [
      `our client: ${this.#ledger.summary()}`,
      ...this.#stock.summary().split('; '),
      `${this.#watch.leaderships} leaderships seen`,
    ]
  }

  /** What the clients logged last, for whoever has to find out why one stands still. */
  get logged(): readonly string[] {
    return this.#stock.logged
  }

  /** Stops the load and compares, once all is `settled`; it stays stopped until `resume`. */
  async compare(
    violations: string[],
    settled: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> {
    await this.#stock.stop()
    await this.#ledger.compare(violations, settled)
    await this.#stock.compare(violations)
    violations.push(...this.#watch.takeViolations())
  }

  resume(): void {
    this.#ledger.resume()
    this.#stock.resume()
  }

  /** Ends the load, and compares once more, this time with all that was ever read. */
  async close(violations: string[]): Promise<void> {
    await this.#stock.stop()
    await this.#ledger.close(violations)
    await this.#stock.close(violations)
    await this.#watch.close()
    violations.push(...this.#watch.takeViolations())
  }
}
