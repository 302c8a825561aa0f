/**
 * What operators watch of a node's part in the metadata quorum, under the names of Kafka's `raft-metrics`,
 * `broker-metadata-metrics` and `MetadataLoader` as its exporters write them.
 *
 * Most is read from the quorum when somebody asks. Elections, commits and records are measured by looking at the Raft
 * node after each of its turns: it is told of nothing, and decides nothing.
 */
import type { RaftRole, RaftStatus } from '../../coordination/raft/raft-machine.ts'
import type { Clock } from '../../runtime/clock.ts'
import { MetricWindow } from '../../runtime/metric-window.ts'
import type { MetricsRegistry } from '../../runtime/metrics.ts'
import type { ClusterQuorum, QuorumStatus } from './metadata-quorum.ts'

const RAFT = 'kafka_server_raftmetrics_'
const METADATA = 'kafka_server_brokermetadatametrics_'

/** Every state that Kafka's metric names. */
const STATES = [
  'leader',
  'prospective',
  'prospective-voted',
  'candidate',
  'unattached-voted',
  'follower',
  'observer',
  'unattached',
] as const

/** Kafka's name for the state of this node. */
export function stateName(
  role: RaftRole,
  leaderIsKnown: boolean,
  hasVoted: boolean,
): (typeof STATES)[number] {
  switch (role) {
    case 'leader':
    case 'candidate':
      return role
    case 'pre-candidate':
      return hasVoted ? 'prospective-voted' : 'prospective'
    case 'follower':
    case 'observer':
      if (leaderIsKnown) return role
      return hasVoted ? 'unattached-voted' : 'unattached'
  }
}

export class RaftMetrics {
  readonly #clock: Clock
  readonly #elections: MetricWindow
  readonly #commits: MetricWindow
  readonly #appended: MetricWindow
  readonly #fetched: MetricWindow
  #role: RaftRole = 'observer'
  #logEndOffset: number
  /** Since when this node stands for election, or sees others do; null: it knows of a leader. */
  #electionBeganMs: number | null = null
  /** An entry of this leader that is not committed yet. */
  #uncommitted: { readonly endOffset: number; readonly sinceMs: number } | null = null
  /** Since when something committed is not served here; null: all is. */
  #behindSinceMs: number | null = null

  constructor(registry: MetricsRegistry, quorum: ClusterQuorum, clock: Clock) {
    const nowMs = clock.monotonicMs()
    this.#clock = clock
    this.#elections = new MetricWindow(nowMs)
    this.#commits = new MetricWindow(nowMs)
    this.#appended = new MetricWindow(nowMs)
    this.#fetched = new MetricWindow(nowMs)
    this.#logEndOffset = quorum.status.logEndOffset
    this.#registerStatus(registry, () => quorum.status)
    this.#registerMeasured(registry)
    this.#registerServed(registry, quorum)
    quorum.onTurned((status) => this.#look(status, quorum.appliedOffset))
  }

  #registerStatus(registry: MetricsRegistry, status: () => QuorumStatus): void {
    const gauge = (name: string, help: string, read: (status: QuorumStatus) => number): void =>
      registry.gauge(`${RAFT}${name}`, help, () => read(status()))
    for (const state of STATES)
      registry.gauge(
        `${RAFT}current_state`,
        '1 for the state in which this node is.',
        () => {
          const { role, leaderId, votedId } = status()
          return stateName(role, leaderId >= 0, votedId >= 0) === state ? 1 : 0
        },
        { current_state: state },
      )
    gauge('current_leader', 'Who leads the quorum; -1 not known.', ({ leaderId }) => leaderId)
    gauge('current_vote', 'Whom this node voted for in this epoch; -1 nobody.', ({ votedId }) => votedId)
    gauge('current_epoch', 'The epoch of the quorum.', ({ leaderEpoch }) => leaderEpoch)
    gauge('high_watermark', 'One past the last committed offset.', ({ highWatermark }) => highWatermark)
    gauge('log_end_offset', 'One past the last offset.', ({ logEndOffset }) => logEndOffset)
    gauge('log_end_epoch', 'Epoch of the last entry.', ({ logEndEpoch }) => logEndEpoch)
    gauge('number_of_voters', 'Voters of the quorum.', ({ voters }) => voters.length)
    gauge('number_of_observers', 'Observers that the leader hears of.', ({ observers }) => observers.length)
  }

  #registerMeasured(registry: MetricsRegistry): void {
    const gauge = (name: string, help: string, read: (nowMs: number) => number): void =>
      registry.gauge(`${RAFT}${name}`, help, () => read(this.#clock.monotonicMs()))
    gauge('election_latency_avg', 'Milliseconds until a leader was known, lately.', (nowMs) =>
      this.#elections.average(nowMs),
    )
    gauge('election_latency_max', 'Milliseconds until a leader was known, at worst.', (nowMs) =>
      this.#elections.max(nowMs),
    )
    gauge('commit_latency_avg', 'Milliseconds until an entry was committed, lately.', (nowMs) =>
      this.#commits.average(nowMs),
    )
    gauge('commit_latency_max', 'Milliseconds until an entry was committed, at worst.', (nowMs) =>
      this.#commits.max(nowMs),
    )
    gauge('append_records_rate', 'Records a second appended as the leader.', (nowMs) =>
      this.#appended.ratePerSecond(nowMs),
    )
    gauge('fetch_records_rate', 'Records a second taken from the leader.', (nowMs) =>
      this.#fetched.ratePerSecond(nowMs),
    )
  }

  #registerServed(registry: MetricsRegistry, quorum: ClusterQuorum): void {
    registry.gauge(
      `${METADATA}last_applied_record_offset`,
      'The last offset of the metadata log that is served here.',
      () => quorum.appliedOffset - 1,
    )
    registry.gauge(
      `${METADATA}last_applied_record_lag_ms`,
      'Milliseconds for which something committed is not served here; 0: all is.',
      () => this.lagMs,
    )
    registry.gauge(
      'kafka_server_metadataloader_currentcontrollerid',
      'The active controller; -1 not known.',
      () => quorum.status.leaderId,
    )
    registry.gauge(
      'kafka_server_metadataloader_currentmetadataversion',
      'Level of metadata.version.',
      () => quorum.image.features.get('metadata.version') ?? 0,
    )
  }

  /** Milliseconds for which something that this node knows to be committed has not been served here. */
  get lagMs(): number {
    return this.#behindSinceMs === null ? 0 : this.#clock.monotonicMs() - this.#behindSinceMs
  }

  #look(status: RaftStatus, appliedOffset: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#lookForLeader(status, nowMs)
    this.#lookForRecords(status, nowMs)
    this.#lookForCommit(status, nowMs)
    if (appliedOffset >= status.highWatermark) this.#behindSinceMs = null
    else this.#behindSinceMs ??= nowMs
    this.#role = status.role
  }

  #lookForLeader({ role, leaderId }: RaftStatus, nowMs: number): void {
    if (role === 'candidate' || role === 'pre-candidate') this.#electionBeganMs ??= nowMs
    if (leaderId === null || this.#electionBeganMs === null) return
    this.#elections.record(nowMs - this.#electionBeganMs, nowMs)
    this.#electionBeganMs = null
  }

  /** What a leader has more than before it appended itself; what anybody else has more came from the leader. */
  #lookForRecords({ role, log }: RaftStatus, nowMs: number): void {
    const added = log.endOffset - this.#logEndOffset
    this.#logEndOffset = log.endOffset
    if (added > 0) (role === 'leader' ? this.#appended : this.#fetched).record(added, nowMs)
  }

  /** One entry at a time is timed, from the turn in which the leader knows of it to that in which it is committed. */
  #lookForCommit({ role, log, highWatermark }: RaftStatus, nowMs: number): void {
    if (role !== 'leader' || this.#role !== 'leader') this.#uncommitted = null
    if (this.#uncommitted !== null && highWatermark >= this.#uncommitted.endOffset) {
      this.#commits.record(nowMs - this.#uncommitted.sinceMs, nowMs)
      this.#uncommitted = null
    }
    if (role === 'leader' && this.#uncommitted === null && log.endOffset > highWatermark)
      this.#uncommitted = { endOffset: log.endOffset, sinceMs: nowMs }
  }
}
