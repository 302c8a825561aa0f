/**
 * What operators watch of the cluster as a controller sees it, under the names of Kafka's `KafkaController` and
 * `ControllerStats`: every node with that role tells it from its own image, and says whether it is the active one.
 *
 * Elections are counted by their outcomes, as they are served; what was before this node caught up is not.
 */
import type { MetadataDelta, PartitionChange } from '../../coordination/metadata/delta.ts'
import type { Counter, MetricsRegistry } from '../../runtime/metrics.ts'
import type { ClusterQuorum } from '../quorum/metadata-quorum.ts'
import type { ClusterCounts, Counts } from './cluster-counts.ts'

const CONTROLLER = 'kafka_controller_kafkacontroller_'
const STATS = 'kafka_controller_controllerstats_'

/** Whom a partition got for its leader; null when it has the one that it had, or none. */
export type ElectionOutcome = 'in-sync' | 'eligible' | 'unclean'

/** What a change of a partition was as an election (KIP-966). */
export function electionOutcome({ before, after }: PartitionChange): ElectionOutcome | null {
  if (before === undefined || after === undefined) return null
  if (after.leader < 0 || after.leader === before.leader) return null
  if (before.isr.includes(after.leader)) return 'in-sync'
  if (before.eligibleLeaderReplicas.includes(after.leader)) return 'eligible'
  // One that recovers took over without what others acknowledged; a new replica leads when its move has ended.
  return after.leaderRecoveryState === 1 ? 'unclean' : 'in-sync'
}

export class ControllerMetrics {
  readonly #elections: Counter
  readonly #electionsEligible: Counter
  readonly #electionsUnclean: Counter

  /** @param lagMs milliseconds for which something committed is not served here. */
  constructor(registry: MetricsRegistry, quorum: ClusterQuorum, counts: ClusterCounts, lagMs: () => number) {
    const gauge = (name: string, help: string, read: () => number): void =>
      registry.gauge(`${CONTROLLER}${name}`, help, read)
    const count = (name: string, help: string, key: keyof Counts): void =>
      gauge(name, help, () => counts.counts[key])
    gauge('activecontrollercount', '1 where the active controller is.', () => (quorum.isActive ? 1 : 0))
    count('activebrokercount', 'Brokers that serve.', 'activeBrokers')
    count('fencedbrokercount', 'Brokers that are registered and fenced.', 'fencedBrokers')
    count('controlledshutdownbrokercount', 'Brokers that are on their way out.', 'leavingBrokers')
    gauge('globaltopiccount', 'Topics of the cluster.', () => quorum.image.topics.size)
    count('globalpartitioncount', 'Partitions of the cluster.', 'partitions')
    count('offlinepartitionscount', 'Partitions without a leader.', 'offline')
    count('preferredreplicaimbalancecount', 'Partitions not led by their first replica.', 'imbalanced')
    gauge('metadataerrorcount', '1 when this node has left the quorum for an error.', () =>
      quorum.failure === null ? 0 : 1,
    )
    gauge('lastappliedrecordoffset', 'The last offset that is served.', () => quorum.appliedOffset - 1)
    gauge(
      'lastcommittedrecordoffset',
      'The last offset that is committed.',
      () => quorum.status.highWatermark - 1,
    )
    gauge(
      'lastappliedrecordlagms',
      'Milliseconds for which something committed is not served; 0: all is.',
      lagMs,
    )
    this.#elections = registry.counter(
      'sluice_controller_leader_elections_total',
      'Partitions that got another leader.',
    )
    this.#electionsEligible = registry.counter(
      `${STATS}electionfromeligibleleaderreplicas_total`,
      'Of these, from eligible leader replicas.',
    )
    this.#electionsUnclean = registry.counter(
      `${STATS}uncleanleaderelections_total`,
      'Of these, unclean: what was acknowledged may be lost.',
    )
    quorum.listen(async (_image, delta) => this.#count(delta))
  }

  #count(delta: MetadataDelta): void {
    for (const change of delta.partitionsChanged) {
      const outcome = electionOutcome(change)
      if (outcome === null) continue
      this.#elections.add()
      if (outcome === 'eligible') this.#electionsEligible.add()
      if (outcome === 'unclean') this.#electionsUnclean.add()
    }
  }
}
