/**
 * What the active controller does without being asked: it fences brokers that have fallen silent, and gives preferred
 * leaders back what they should lead.
 *
 * It lives from the moment at which this node leads the quorum to the moment at which it does not. Whom to fence is
 * `broker-sessions.ts`'s to say; a closed connection is only a reason to look whether somebody still listens.
 */
import {
  type BrokerLife,
  BrokerSessions,
  type SessionEvent,
} from '../../coordination/metadata/broker-sessions.ts'
import type { NodeFacts } from '../../coordination/metadata/config-layers.ts'
import { decideElectLeaders } from '../../coordination/metadata/decide/elect-leaders.ts'
import { decideFenceBroker } from '../../coordination/metadata/decide/fence-broker.ts'
import { decideGrowInternalTopics } from '../../coordination/metadata/decide/grow-internal-topics.ts'
import type { Timer } from '../../runtime/clock.ts'
import { presenceAt } from '../../runtime/presence.ts'
import type { World } from '../../runtime/world.ts'
import type { ClusterQuorum } from '../quorum/metadata-quorum.ts'
import { settleFeatures } from './settle-features.ts'

/** How long a probe waits for a connection; who is slower is left to the session time-out. */
const PROBE_MS = 500
/** What a controller that was replaced has left to be heard of. */
const FORMER_LEADER_MS = 1_000

export interface DutySettings {
  /** `broker.session.timeout.ms` */
  readonly sessionTimeoutMs: () => number
  /** `auto.leader.rebalance.enable` */
  readonly rebalances: () => boolean
  /** `leader.imbalance.check.interval.seconds`, in milliseconds */
  readonly rebalanceIntervalMs: () => number
}

type DutyWorld = Pick<World, 'clock' | 'network' | 'log'>

export class ControllerDuties {
  readonly #quorum: ClusterQuorum
  readonly #node: NodeFacts
  readonly #world: DutyWorld
  readonly #settings: DutySettings
  /** Who led the quorum before this node did; -1. */
  #leaderBefore = -1
  #sessions: BrokerSessions | null = null
  #sessionTimer: Timer | null = null
  #rebalanceTimer: Timer | null = null

  constructor(quorum: ClusterQuorum, node: NodeFacts, world: DutyWorld, settings: DutySettings) {
    this.#quorum = quorum
    this.#node = node
    this.#world = world
    this.#settings = settings
    quorum.onLeaderKnown((leaderId) => {
      if (leaderId >= 0 && leaderId !== node.nodeId) this.#leaderBefore = leaderId
    })
    quorum.listen(async (_image, delta) => {
      for (const { id, before, after } of delta.brokersChanged)
        if (before?.fenced === false && after?.fenced !== false) this.#receive({ type: 'left', brokerId: id })
      if (delta.brokersChanged.some(({ after }) => after?.fenced === false)) void this.#growInternalTopics()
    })
    quorum.onLeadership({ lead: () => this.#lead(), resign: () => this.#resign() })
  }

  hasLiveSession(brokerId: number): boolean {
    return this.#sessions?.isLive(brokerId, this.#world.clock.monotonicMs()) ?? false
  }

  heardOf(life: BrokerLife): void {
    this.#receive({ type: 'heard', life, nowMs: this.#world.clock.monotonicMs() })
  }

  /** The connection to a node has closed. */
  connectionLost(nodeId: number): void {
    this.#receive({ type: 'hinted', brokerId: nodeId })
  }

  /** Everybody who is not fenced has the whole time-out to be heard of, and is looked for at once. */
  #lead(): void {
    void settleFeatures(this.#quorum, this.#node, this.#world.log)
    this.#sessions = new BrokerSessions(this.#settings.sessionTimeoutMs())
    const active = [...this.#quorum.image.brokers.values()].filter(({ fenced }) => !fenced)
    const nowMs = this.#world.clock.monotonicMs()
    for (const { id, epoch } of active) {
      // Who led before has been silent already, or this node would not lead; the others have the whole time-out.
      const heardMs =
        id === this.#leaderBefore ? nowMs - this.#settings.sessionTimeoutMs() + FORMER_LEADER_MS : nowMs
      this.#receive({ type: 'assumed', life: { brokerId: id, brokerEpoch: epoch }, nowMs: heardMs })
    }
    for (const { id } of active) if (id !== this.#node.nodeId) this.connectionLost(id)
    this.#armRebalance()
    void this.#growInternalTopics()
  }

  #resign(): void {
    this.#sessions = null
    this.#sessionTimer?.cancel()
    this.#rebalanceTimer?.cancel()
  }

  #receive(event: SessionEvent): void {
    for (const effect of this.#sessions?.receive(event) ?? []) {
      if (effect.type === 'probe') void this.#probe(effect.life)
      else void this.#fence(effect.life)
    }
    this.#armSessions()
  }

  #armSessions(): void {
    this.#sessionTimer?.cancel()
    const { clock } = this.#world
    const endMs = this.#sessions?.nextEndMs ?? null
    if (endMs === null) return
    // One millisecond past the end: a session lasts its whole time-out.
    this.#sessionTimer = clock.schedule(Math.max(0, endMs - clock.monotonicMs()) + 1, () =>
      this.#receive({ type: 'tick', nowMs: clock.monotonicMs() }),
    )
  }

  /** Dials the broker: who refuses the connection does not run; any other outcome proves nothing. */
  async #probe(life: BrokerLife): Promise<void> {
    const [endpoint] = this.#quorum.image.brokers.get(life.brokerId)?.endPoints ?? []
    if (endpoint === undefined) return
    const presence = await presenceAt(this.#world, endpoint.host, endpoint.port, PROBE_MS)
    if (presence === 'refused') this.#receive({ type: 'nobody-there', life })
  }

  async #fence(life: BrokerLife): Promise<void> {
    const broker = this.#quorum.image.brokers.get(life.brokerId)
    if (broker === undefined || broker.fenced || broker.epoch !== life.brokerEpoch) return
    this.#world.log.warn('a broker is fenced: nothing was heard of it', { broker: life.brokerId })
    try {
      await this.#quorum.submit((image) => decideFenceBroker(image, life, this.#node))
    } catch (error) {
      // Another controller is active now, or there is no room: the session is watched again until it is fenced.
      this.#world.log.warn('a broker could not be fenced', { broker: life.brokerId, reason: String(error) })
      this.#receive({ type: 'assumed', life, nowMs: this.#world.clock.monotonicMs() })
    }
  }

  async #growInternalTopics(): Promise<void> {
    if (!this.#quorum.isActive) return
    try {
      const { partitions } = await this.#quorum.submit((image) => decideGrowInternalTopics(image, this.#node))
      if (partitions > 0) this.#world.log.info('internal topics get more replicas', { partitions })
    } catch (error) {
      this.#world.log.warn('internal topics do not get more replicas yet', { reason: String(error) })
    }
  }

  #armRebalance(): void {
    this.#rebalanceTimer?.cancel()
    this.#rebalanceTimer = this.#world.clock.schedule(
      this.#settings.rebalanceIntervalMs(),
      () => void this.#rebalance(),
    )
  }

  async #rebalance(): Promise<void> {
    if (!this.#quorum.isActive) return
    this.#armRebalance()
    if (!this.#settings.rebalances()) return
    const request = { electionType: 0, topicPartitions: null, timeoutMs: 0 }
    await this.#quorum
      .submit((image) => decideElectLeaders(image, request, this.#node))
      .catch((error: unknown) =>
        this.#world.log.warn('leaders are not rebalanced', { reason: String(error) }),
      )
  }
}
