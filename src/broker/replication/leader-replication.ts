/**
 * What this node, as a leader, counts and bounds of what its followers copy.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { Counter, MetricsRegistry } from '../../runtime/metrics.ts'
import type { FetchedPart } from '../fetch/partition-fetch.ts'
import { FollowerContact } from './follower-contact.ts'
import { ReplicationThrottle } from './replication-throttle.ts'

export class LeaderReplication {
  readonly leaderThrottle: ReplicationThrottle
  readonly contact = new FollowerContact()
  readonly #bytesOut: Counter

  constructor(nodeId: number, clock: Clock, metrics: MetricsRegistry) {
    this.leaderThrottle = new ReplicationThrottle('leader', nodeId, clock)
    this.#bytesOut = metrics.counter(
      'kafka_server_brokertopicmetrics_replicationbytesout_total',
      'Bytes of records sent to followers.',
    )
  }

  /** These parts are on their way to a follower. */
  sentToReplica(replica: number, parts: readonly FetchedPart[]): void {
    for (const { partition, sizeBytes } of parts) {
      if (partition === null || sizeBytes === 0) continue
      this.#bytesOut.add(sizeBytes)
      this.leaderThrottle.copied(partition, replica, sizeBytes)
    }
  }
}
