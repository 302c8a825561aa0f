/**
 * What operators watch of replication: bytes copied, requests, lag; the names are those of Kafka's exporters.
 */
import type { Counter, MetricsRegistry } from '../../runtime/metrics.ts'

export class ReplicationMetrics {
  /** Bytes that followers here took from their leaders. */
  readonly bytesIn: Counter
  readonly requests: Counter
  /** Truncations that gave up what was below the high watermark (trap 9). */
  readonly cutsBelowHighWatermark: Counter
  readonly failedRequests: Counter

  constructor(
    registry: MetricsRegistry,
    read: {
      readonly maxLag: () => number
      readonly failedPartitions: () => number
      readonly memoryBytes: () => number
    },
  ) {
    this.bytesIn = registry.counter(
      'kafka_server_brokertopicmetrics_replicationbytesin_total',
      'Bytes of records copied from leaders.',
    )
    this.requests = registry.counter('kafka_server_fetcherstats_requests_total', 'Fetches sent to leaders.')
    this.failedRequests = registry.counter(
      'sluice_replication_failed_fetches_total',
      'Fetches that no leader answered.',
    )
    this.cutsBelowHighWatermark = registry.counter(
      'sluice_replication_cuts_below_high_watermark_total',
      'Followed logs that were cut below their high watermark.',
    )
    registry.gauge(
      'kafka_server_replicafetchermanager_maxlag',
      'Records by which the slowest followed partition is behind its leader.',
      read.maxLag,
      { clientid: 'Replica' },
    )
    registry.gauge(
      'kafka_server_replicafetchermanager_failedpartitionscount',
      'Followed partitions that cannot be copied.',
      read.failedPartitions,
      { clientid: 'Replica' },
    )
    registry.gauge(
      'sluice_replication_receive_memory_bytes',
      'Memory that answers of leaders are read into and that is in use.',
      read.memoryBytes,
    )
  }
}
