/**
 * What operators watch of partitions and their replicas, under the names of Kafka's ReplicaManager.
 *
 * Counted by looking at all partitions when the metrics are asked for; nothing is kept up to date on the way.
 */
import type { Counter, MetricsRegistry } from '../../runtime/metrics.ts'
import type { Partition } from './partition.ts'

/** The partitions of a broker. */
export interface PartitionSource {
  readonly count: number
  readonly homelessCount: number
  all(): Iterable<Partition>
}

const PREFIX = 'kafka_server_replicamanager_'

export class ReplicationGauges {
  readonly #source: PartitionSource
  readonly #shrinks: Counter
  readonly #expands: Counter

  constructor(metrics: MetricsRegistry, source: PartitionSource) {
    this.#source = source
    const gauge = (name: string, help: string, read: () => number): void =>
      metrics.gauge(`${PREFIX}${name}`, help, read)
    gauge('partitioncount', 'Partitions on this broker.', () => source.count)
    gauge('leadercount', 'Partitions that this broker leads.', () => this.#leaders(() => true))
    gauge('underreplicatedpartitions', 'Led partitions with replicas out of sync.', () =>
      this.#leaders(({ leader }) => leader?.isUnderReplicated === true),
    )
    gauge('underminisrpartitioncount', 'Led partitions that refuse acks=all.', () =>
      this.#leaders(({ leader }) => leader !== null && leader.spareReplicas < 0),
    )
    gauge('atminisrpartitioncount', 'Led partitions that the next lost replica makes refuse acks=all.', () =>
      this.#leaders(({ leader }) => leader?.spareReplicas === 0),
    )
    gauge('offlinereplicacount', 'Replicas of this broker whose log directory failed.', () => {
      let count = source.homelessCount
      for (const partition of source.all()) if (partition.log.isOffline) count++
      return count
    })
    this.#shrinks = metrics.counter(`${PREFIX}isrshrinks_total`, 'In-sync sets that lost a replica.')
    this.#expands = metrics.counter(`${PREFIX}isrexpands_total`, 'In-sync sets that gained a replica.')
  }

  /** The quorum has committed another in-sync set of a partition that this broker leads. */
  isrChanged(before: readonly number[], after: readonly number[]): void {
    if (before.some((replica) => !after.includes(replica))) this.#shrinks.add()
    if (after.some((replica) => !before.includes(replica))) this.#expands.add()
  }

  #leaders(counts: (partition: Partition) => boolean): number {
    let count = 0
    for (const partition of this.#source.all()) if (partition.isLeader && counts(partition)) count++
    return count
  }
}
