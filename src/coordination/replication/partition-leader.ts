/**
 * A partition's leader in one leader epoch: which replicas are in sync, how far the high watermark is, which acks=all are
 * done.
 *
 * A machine: events in, effects out, no clock and no disk. An ISR that shrinks counts only once the quorum has committed
 * it; one that grows counts the newcomer from the proposal on (KIP-497, trap 13). Acks are given by the high watermark
 * of the epoch in which they were asked, and fail when that epoch ends (trap 11). While too few replicas are in sync the
 * high watermark stands still (KIP-966). With one replica it is simply what that replica has persisted.
 */
import { errorCode } from '../../protocol/errors.ts'
import {
  type FollowerProgress,
  fetched,
  isOutdated,
  lags,
  seenCaughtUp,
  unknownFollower,
} from './follower-progress.ts'

/** A partition as the committed metadata has it. */
export interface LeaderPartition {
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** Who may be elected after the ISR: they have all that is committed. */
  readonly eligibleLeaderReplicas?: readonly number[]
}

/** Whether that replica is trusted with all that is committed: it is in sync, or eligible (KIP-966). */
export function mayBeElected(
  { isr, eligibleLeaderReplicas = [] }: LeaderPartition,
  replica: number,
): boolean {
  return isr.includes(replica) || eligibleLeaderReplicas.includes(replica)
}

export interface LeaderSettings {
  /** `min.insync.replicas` */
  readonly insyncReplicasMin: number
  /** `replica.lag.time.max.ms` */
  readonly lagMsMax: number
}

export type LeaderEvent =
  /** What this replica has up to `endOffset` may be counted (written, or durable under group commit). */
  | { readonly type: 'persisted'; readonly endOffset: number }
  /** A follower fetched: it has persisted everything before `fetchOffset`, and its log ends at `logEndOffset`. */
  | {
      readonly type: 'follower-fetched'
      readonly replica: number
      readonly brokerEpoch: bigint
      readonly fetchOffset: number
      /** At or past `fetchOffset`; the same where it is left out. */
      readonly logEndOffset?: number
      readonly nowMs: number
      /** This leader's own log is damaged: the follower may stand still for want of an answer. */
      readonly isLogDamaged?: boolean
      /** Which of its fetches this is; left out where it does not say. */
      readonly order?: number
    }
  /** The quorum has committed a change of the partition: leader, epoch or ISR. */
  | { readonly type: 'partition-committed'; readonly partition: LeaderPartition; readonly nowMs: number }
  /** The quorum refused the ISR that was proposed, and will not take it later. */
  | { readonly type: 'isr-refused' }
  /** Active brokers and their epochs: only these may come into the ISR. */
  | { readonly type: 'brokers-changed'; readonly epochs: ReadonlyMap<number, bigint> }
  | { readonly type: 'settings-changed'; readonly settings: LeaderSettings }
  /** Time passes; some part of the lag time apart. */
  | { readonly type: 'tick'; readonly nowMs: number }

/** A member of a proposed ISR, by the life of its broker. */
export interface IsrMember {
  readonly brokerId: number
  readonly brokerEpoch: bigint
}

export type LeaderEffect =
  /** The high watermark is here now: consumers may read up to it. */
  | { readonly type: 'advance-high-watermark'; readonly offset: number }
  /** Every acks=all that ends at or before `offset` is done: well, or with an ISR that has become too small (20). */
  | { readonly type: 'complete-acks'; readonly offset: number; readonly errorCode: number }
  /** The epoch is over: every ack that waits is refused. */
  | { readonly type: 'fail-acks'; readonly errorCode: number }
  /** Ask the quorum for this ISR; the outcome comes as an event. */
  | {
      readonly type: 'propose-isr'
      readonly leaderEpoch: number
      readonly partitionEpoch: number
      readonly isr: readonly IsrMember[]
      /** Followers whose logs end before what is committed: nobody may elect them. */
      readonly lost: readonly number[]
    }

const NOTHING: readonly LeaderEffect[] = []

/** The leader's part of one partition, from the moment at which this node leads it until the epoch ends. */
export class PartitionLeader {
  readonly #nodeId: number
  #partition: LeaderPartition
  #settings: LeaderSettings
  #endOffset: number
  #highWatermark: number
  readonly #epochStartOffset: number
  #isOver = false
  #followers = new Map<number, FollowerProgress>()
  #proposed: ReadonlySet<number> | null = null
  /** The last proposal was refused: nobody comes in by a fetch until time has passed or the metadata moved. */
  #wasRefused = false
  #brokerEpochs: ReadonlyMap<number, bigint> = new Map()

  constructor(facts: {
    readonly nodeId: number
    readonly partition: LeaderPartition
    readonly settings: LeaderSettings
    readonly brokerEpochs: ReadonlyMap<number, bigint>
    /** What this replica has persisted. */
    readonly endOffset: number
    /**
     * Where the log ends as this epoch begins, persisted or not: all that was ever committed lies below, so a newcomer
     * must have reached it.
     */
    readonly epochStartOffset: number
    /** From the checkpoint: a hint that is never taken back (trap 10). */
    readonly highWatermark: number
    readonly nowMs: number
  }) {
    this.#nodeId = facts.nodeId
    this.#partition = facts.partition
    this.#settings = facts.settings
    this.#brokerEpochs = facts.brokerEpochs
    this.#endOffset = facts.endOffset
    this.#highWatermark = facts.highWatermark
    this.#epochStartOffset = facts.epochStartOffset
    for (const replica of facts.partition.replicas) {
      if (replica !== this.#nodeId) this.#followers.set(replica, unknownFollower(facts.nowMs))
    }
  }

  get highWatermark(): number {
    return this.#highWatermark
  }

  /** In-sync replicas that the quorum has committed. */
  get isr(): readonly number[] {
    return this.#partition.isr
  }

  get leads(): boolean {
    return !this.#isOver
  }

  get epochStartOffset(): number {
    return this.#epochStartOffset
  }

  /** Fewer replicas are in sync than there are. */
  get isUnderReplicated(): boolean {
    return this.#partition.isr.length < this.#partition.replicas.length
  }

  /** In-sync replicas beyond those that acks=all needs; negative when it is refused. */
  get spareReplicas(): number {
    const { isr, replicas } = this.#partition
    return isr.length - Math.min(this.#settings.insyncReplicasMin, replicas.length)
  }

  /** What is known of a follower; undefined when it is no replica. */
  progressOf(replica: number): FollowerProgress | undefined {
    return this.#followers.get(replica)
  }

  /**
   * Its log ends at `logEndOffset`, before what is committed, and yet it may be elected, or may be as soon as what is proposed
   * is committed: it must not build on that, nor drop anything, before the quorum has decided.
   */
  isTrustedWrongly(replica: number, logEndOffset: number): boolean {
    if (this.#isOver || logEndOffset >= this.#highWatermark) return false
    return this.#isWaitedFor(replica) || mayBeElected(this.#partition, replica)
  }

  /** 0, or 19 when an acks=all append must be refused before it is made. */
  get appendRefusal(): number {
    return this.#hasEnough() ? 0 : errorCode.NOT_ENOUGH_REPLICAS
  }

  receive(event: LeaderEvent): readonly LeaderEffect[] {
    switch (event.type) {
      case 'persisted':
        if (event.endOffset <= this.#endOffset) return NOTHING
        this.#endOffset = event.endOffset
        return this.#advance()
      case 'follower-fetched':
        return this.#followerFetched(event)
      case 'partition-committed':
        return this.#committed(event.partition, event.nowMs)
      case 'isr-refused':
        this.#proposed = null
        this.#wasRefused = true
        return this.#advance()
      case 'brokers-changed':
        this.#brokerEpochs = event.epochs
        this.#wasRefused = false
        return this.#expand()
      case 'settings-changed':
        this.#settings = event.settings
        return this.#advance()
      case 'tick':
        return this.#tick(event.nowMs)
    }
  }

  /** As many as asked for, or all there can be: a topic may have fewer replicas than the setting says (observed 23). */
  #hasEnough(): boolean {
    return this.spareReplicas >= 0
  }

  /** Everybody whom the high watermark waits for: in the ISR, or on the way into it. */
  #isWaitedFor(replica: number): boolean {
    return this.#partition.isr.includes(replica) || this.#proposed?.has(replica) === true
  }

  #advance(): readonly LeaderEffect[] {
    if (this.#isOver) return NOTHING
    let lowest = this.#endOffset
    for (const [replica, { endOffset }] of this.#followers) {
      if (!this.#isWaitedFor(replica)) continue
      if (endOffset === null) return NOTHING
      lowest = Math.min(lowest, endOffset)
    }
    if (lowest <= this.#highWatermark) return NOTHING
    if (!this.#hasEnough()) {
      // Readers must not see what the eligible leader replicas may lack (KIP-966); who waits is told that it is unsafe.
      return [
        { type: 'complete-acks', offset: lowest, errorCode: errorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND },
      ]
    }
    this.#highWatermark = lowest
    return [
      { type: 'advance-high-watermark', offset: lowest },
      { type: 'complete-acks', offset: lowest, errorCode: 0 },
    ]
  }

  #followerFetched(event: Extract<LeaderEvent, { type: 'follower-fetched' }>): readonly LeaderEffect[] {
    const before = this.#followers.get(event.replica)
    if (before === undefined || this.#isOver) return NOTHING
    // An earlier life of that broker speaks, late: what it had may be lost (KIP-903, trap 12).
    if (event.brokerEpoch < before.brokerEpoch || isOutdated(before, event)) return NOTHING
    this.#followers.set(event.replica, fetched(before, event, this.#endOffset))
    const mayGetOn = event.isLogDamaged !== true
    const standsStill = mayGetOn && before.endOffset !== null && event.fetchOffset <= before.endOffset
    const lost = this.#dropWhoLost(event.replica, event.logEndOffset ?? event.fetchOffset, standsStill)
    return [...lost, ...this.#expand(event.replica), ...this.#advance()]
  }

  /**
   * Who is in sync, or eligible, has all that is committed; one whose log ends before that has lost it, and must not be elected.
   * With too few in sync nobody knows how much is committed: an eligible one that does not get to where this epoch began may
   * have lost it too, and waits to be told so.
   */
  #dropWhoLost(replica: number, logEndOffset: number, standsStill: boolean): readonly LeaderEffect[] {
    if (this.#proposed !== null || !mayBeElected(this.#partition, replica)) return NOTHING
    const isUnsure = standsStill && !this.#hasEnough() && !this.#partition.isr.includes(replica)
    const wanted = isUnsure ? Math.max(this.#highWatermark, this.#epochStartOffset) : this.#highWatermark
    if (logEndOffset >= wanted) return NOTHING
    return this.#propose(
      this.#partition.isr.filter((member) => member !== replica),
      [replica],
    )
  }

  /**
   * Followers that have all that is committed, and all from before this epoch, may come in: the one that fetches now, and
   * those that have everything and therefore may not say more for long.
   */
  #expand(fetching: number | null = null): readonly LeaderEffect[] {
    if (this.#proposed !== null || this.#wasRefused || this.#isOver || !this.isUnderReplicated) return NOTHING
    const newcomers: number[] = []
    for (const [replica, follower] of this.#followers) {
      const hasAll = follower.endOffset !== null && follower.endOffset >= this.#endOffset
      if ((hasAll || replica === fetching) && this.#mayComeIn(replica, follower)) newcomers.push(replica)
    }
    return newcomers.length === 0 ? NOTHING : this.#propose([...this.#partition.isr, ...newcomers])
  }

  #mayComeIn(replica: number, { endOffset, brokerEpoch }: FollowerProgress): boolean {
    if (endOffset === null || this.#partition.isr.includes(replica)) return false
    if (endOffset < Math.max(this.#highWatermark, this.#epochStartOffset)) return false
    // The life that fetched must be the one that stands in the metadata (KIP-903, trap 12).
    return this.#brokerEpochs.get(replica) === brokerEpoch
  }

  /** Who has everything need not fetch again to be in sync. */
  #tick(nowMs: number): readonly LeaderEffect[] {
    if (this.#isOver) return NOTHING
    this.#wasRefused = false
    for (const [replica, follower] of this.#followers)
      if (follower.endOffset !== null && follower.endOffset >= this.#endOffset)
        this.#followers.set(replica, seenCaughtUp(follower, nowMs))
    const shrunk = this.#shrink(nowMs)
    return shrunk.length > 0 ? shrunk : this.#expand()
  }

  #shrink(nowMs: number): readonly LeaderEffect[] {
    if (this.#proposed !== null) return NOTHING
    const kept = this.#partition.isr.filter((replica) => {
      const follower = this.#followers.get(replica)
      return follower === undefined || !lags(follower, this.#endOffset, nowMs, this.#settings.lagMsMax)
    })
    return kept.length === this.#partition.isr.length ? NOTHING : this.#propose(kept)
  }

  #propose(isr: readonly number[], lost: readonly number[] = []): readonly LeaderEffect[] {
    this.#proposed = new Set(isr)
    const { leaderEpoch, partitionEpoch } = this.#partition
    const members = isr.map((brokerId) => ({
      brokerId,
      brokerEpoch: this.#brokerEpochs.get(brokerId) ?? -1n,
    }))
    return [{ type: 'propose-isr', leaderEpoch, partitionEpoch, isr: members, lost }]
  }

  #committed(partition: LeaderPartition, nowMs: number): readonly LeaderEffect[] {
    // News that are older than what is known say nothing.
    if (this.#isOver || partition.partitionEpoch <= this.#partition.partitionEpoch) return NOTHING
    const isNewEpoch = partition.leaderEpoch !== this.#partition.leaderEpoch
    this.#partition = partition
    this.#proposed = null
    this.#wasRefused = false
    if (isNewEpoch) {
      this.#isOver = true
      return [{ type: 'fail-acks', errorCode: errorCode.NOT_LEADER_OR_FOLLOWER }]
    }
    for (const replica of partition.replicas) {
      if (replica !== this.#nodeId && !this.#followers.has(replica)) {
        this.#followers.set(replica, unknownFollower(nowMs))
      }
    }
    for (const replica of this.#followers.keys()) {
      if (!partition.replicas.includes(replica)) this.#followers.delete(replica)
    }
    return [...this.#advance(), ...this.#expand()]
  }
}
