/**
 * A followed partition: where to fetch, where to cut, how far the high watermark is.
 *
 * A machine: events in, effects out. It looks at its log through a view and changes it through effects only. Where its
 * history leaves the leader's it is cut by epochs, as often as it takes (KIP-101, KIP-279, KIP-595), never to the high
 * watermark (trap 10), and never below it without saying so (trap 9). What comes from another epoch or another offset
 * than it stands at is stale and says nothing. A damaged log is cut to where it is whole and fetched again (trap 2), but not
 * while it may be elected and something committed is bad: others would cut theirs to it. Until then it fetches from where it is
 * whole, by which the leader sees what is lost and has the quorum take its trust away; and as long as the leader goes by what it
 * was told before, it refuses that fetch.
 */
import { errorCode } from '../../protocol/errors.ts'
import { replicationLimits } from './limits.ts'

/** What the machine may see of its log; it changes nothing here. */
export interface FollowedLog {
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly latestLeaderEpoch: number
  /** The first offset that must not be served or built upon; null when the log is whole. */
  readonly damage: { readonly offset: number } | null
  /** As far as the committed metadata is known here: this replica is in sync or eligible, and may be elected. */
  readonly isTrusted: boolean
  /** The largest epoch at or below `leaderEpoch` and where it ends; both -1 when there is none. */
  endOffsetForLeaderEpoch(leaderEpoch: number): { readonly leaderEpoch: number; readonly endOffset: number }
}

/** A leader's answer for one partition of a fetch; offsets -1 where unknown. */
export interface LeaderAnswer {
  readonly errorCode: number
  readonly highWatermark: number
  /** Nothing above the high watermark is committed: it is no hint from before the leader's epoch. */
  readonly knowsCommitted: boolean
  readonly logStartOffset: number
  /** Where the follower's history leaves the leader's; null when it does not. */
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | null
  readonly hasRecords: boolean
}

export type FollowerEvent =
  /** The committed metadata: who leads, -1 for nobody. */
  | { readonly type: 'leader-known'; readonly leader: number; readonly leaderEpoch: number }
  /** The answer to a fetch that was sent in `leaderEpoch` for `fetchOffset`. */
  | {
      readonly type: 'answered'
      readonly leaderEpoch: number
      readonly fetchOffset: number
      readonly answer: LeaderAnswer
      readonly nowMs: number
    }
  /** The records of the last `append` effect are in the log. */
  | { readonly type: 'appended' }
  /** The log would not take them; `firstOffset` and `nextOffset` bound the first batch, -1 when it cannot be read. */
  | {
      readonly type: 'append-refused'
      readonly errorCode: number
      readonly firstOffset: number
      readonly nextOffset: number
      readonly nowMs: number
    }
  /** What was appended could not be written after all and is gone from the log (a full disk). */
  | { readonly type: 'append-taken-back'; readonly nowMs: number }
  /** The last `truncate-to` or `restart-at` is on the disk. */
  | { readonly type: 'cut' }
  /** Where the leader's log begins and ends, as asked in `leaderEpoch`. */
  | {
      readonly type: 'leader-offsets'
      readonly leaderEpoch: number
      readonly startOffset: number
      readonly endOffset: number
      readonly nowMs: number
    }
  /** The leader would not say, or could not be reached with anything for this partition. */
  | {
      readonly type: 'leader-failed'
      readonly leaderEpoch: number
      readonly errorCode: number
      readonly nowMs: number
    }
  /** The log turned out to be damaged, or its directory failed: the view says which. */
  | { readonly type: 'log-damaged' }
  | { readonly type: 'log-offline' }
  | { readonly type: 'tick'; readonly nowMs: number }

export type FollowerEffect =
  /** Append the records of the answer, then tell `appended` or `append-refused`. */
  | { readonly type: 'append' }
  /** Drop everything at and above `offset`, then tell `cut`. */
  | { readonly type: 'truncate-to'; readonly offset: number }
  /** Drop everything and go on at `offset`, then tell `cut`; `thenAppend`: the refused records fit now. */
  | { readonly type: 'restart-at'; readonly offset: number; readonly thenAppend: boolean }
  /** What was committed here is given up: to be logged and counted. Comes before the cut itself. */
  | { readonly type: 'cut-below-high-watermark'; readonly offset: number; readonly highWatermark: number }
  /** Consumers may read up to here. */
  | { readonly type: 'follow-high-watermark'; readonly offset: number }
  /** What the leader has deleted goes here too. */
  | { readonly type: 'follow-log-start'; readonly offset: number }
  /** It may be fetched, or its leader asked for its offsets, from now on: `wants` says which. */
  | { readonly type: 'ready' }
  /** Nothing until `untilMs`; a tick then makes it ready. */
  | { readonly type: 'back-off'; readonly untilMs: number; readonly errorCode: number }

/** What the machine wants of its leader now. */
export type FollowerWish = 'records' | 'offsets' | 'nothing'

type Phase =
  | { readonly name: 'leaderless' }
  | { readonly name: 'fetching' }
  /** The leader does not have what was asked for: it is asked what it has. */
  | { readonly name: 'asking' }
  /** Damaged: the leader is told where the log is whole, until nobody may elect this replica any more. */
  | { readonly name: 'confessing' }
  | { readonly name: 'appending' }
  | { readonly name: 'cutting'; readonly thenAppend: boolean }
  | { readonly name: 'backing-off'; readonly untilMs: number }
  /** The leader lives in a later epoch: the metadata will tell. */
  | { readonly name: 'fenced' }
  | { readonly name: 'offline' }

const NOTHING: readonly FollowerEffect[] = []
const READY: readonly FollowerEffect[] = [{ type: 'ready' }]
const NOBODY = -1

export class PartitionFollower {
  readonly #log: FollowedLog
  readonly #backOffMsMax: number
  #leader = NOBODY
  #leaderEpoch = -1
  #phase: Phase = { name: 'leaderless' }
  #failures = 0
  /** What the answer that is being appended said beside its records. */
  #leaderHighWatermark = -1
  #leaderLogStart = -1

  constructor(facts: {
    readonly log: FollowedLog
    /** `replica.fetch.backoff.ms` */
    readonly backOffMsMax: number
  }) {
    this.#log = facts.log
    this.#backOffMsMax = facts.backOffMsMax
  }

  get leader(): number {
    return this.#leader
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  get phase(): Phase['name'] {
    return this.#phase.name
  }

  get wants(): FollowerWish {
    const { name } = this.#phase
    if (name === 'fetching' || name === 'confessing') return 'records'
    return name === 'asking' ? 'offsets' : 'nothing'
  }

  /** Where to fetch from. */
  get fetchOffset(): number {
    const { damage, logEndOffset } = this.#log
    return this.#phase.name === 'confessing' && damage !== null ? damage.offset : logEndOffset
  }

  receive(event: FollowerEvent): readonly FollowerEffect[] {
    switch (event.type) {
      case 'leader-known':
        return this.#leaderKnown(event.leader, event.leaderEpoch)
      case 'answered':
        return this.#answered(event)
      case 'appended':
        return this.#appended()
      case 'append-refused':
        return this.#appendRefused(event)
      case 'append-taken-back':
        return this.#phase.name === 'fetching'
          ? this.#backOff(errorCode.KAFKA_STORAGE_ERROR, event.nowMs)
          : NOTHING
      case 'cut':
        return this.#cutDone()
      case 'leader-offsets':
        return this.#leaderOffsets(event)
      case 'leader-failed':
        if (this.wants === 'nothing' || event.leaderEpoch !== this.#leaderEpoch) return NOTHING
        return this.#failed(event.errorCode, event.nowMs)
      case 'log-damaged':
        return this.#damaged()
      case 'log-offline':
        this.#phase = { name: 'offline' }
        return NOTHING
      case 'tick':
        if (this.#phase.name !== 'backing-off' || event.nowMs < this.#phase.untilMs) return NOTHING
        return this.#begin()
    }
  }

  #leaderKnown(leader: number, leaderEpoch: number): readonly FollowerEffect[] {
    if (leaderEpoch < this.#leaderEpoch) return NOTHING
    if (leaderEpoch === this.#leaderEpoch && leader === this.#leader) return NOTHING
    this.#leader = leader
    this.#leaderEpoch = leaderEpoch
    this.#failures = 0
    switch (this.#phase.name) {
      case 'offline':
        return NOTHING
      case 'cutting':
        // The cut stands, whoever leads; the records that waited for it were another leader's.
        this.#phase = { name: 'cutting', thenAppend: false }
        return NOTHING
      case 'leaderless':
      case 'fetching':
      case 'asking':
      case 'confessing':
      case 'appending':
      case 'backing-off':
      case 'fenced':
        return this.#begin()
    }
  }

  /** From the log as it is, under the leader that is known. */
  #begin(): readonly FollowerEffect[] {
    if (this.#leader === NOBODY) {
      this.#phase = { name: 'leaderless' }
      return NOTHING
    }
    return this.#log.damage === null ? this.#fetch() : this.#confess()
  }

  /**
   * What is damaged is to be fetched again, once the leader knows of it: what is known here of who may be elected may be older
   * than that, and the leader may go by what an earlier life of this broker has fetched.
   */
  #confess(): readonly FollowerEffect[] {
    if (this.#phase.name === 'confessing') return NOTHING
    this.#phase = { name: 'confessing' }
    return READY
  }

  #fetch(): readonly FollowerEffect[] {
    this.#phase = { name: 'fetching' }
    return READY
  }

  #answered(event: Extract<FollowerEvent, { type: 'answered' }>): readonly FollowerEffect[] {
    if (event.leaderEpoch !== this.#leaderEpoch) return NOTHING
    if (this.#phase.name === 'confessing') return this.#confessed(event)
    if (this.#phase.name !== 'fetching') return NOTHING
    if (event.fetchOffset !== this.#log.logEndOffset) return NOTHING
    const { answer } = event
    if (answer.errorCode !== 0) return this.#failed(answer.errorCode, event.nowMs)
    this.#failures = 0
    if (answer.divergingEpoch !== null) return this.#cutTo(this.#meetingPoint(answer.divergingEpoch))
    this.#leaderHighWatermark = answer.highWatermark
    this.#leaderLogStart = answer.logStartOffset
    if (!answer.hasRecords) return this.#followMarks()
    this.#phase = { name: 'appending' }
    return [{ type: 'append' }]
  }

  /** Once the leader knows, and nobody may elect this replica, it is mended; else it says so again after a while. */
  #confessed(event: Extract<FollowerEvent, { type: 'answered' }>): readonly FollowerEffect[] {
    if (event.fetchOffset !== this.fetchOffset) return NOTHING
    const { answer, nowMs } = event
    if (answer.errorCode !== 0) return this.#failed(answer.errorCode, nowMs)
    // Nothing that is bad here is committed, so nobody is going to take this replica's trust away.
    if (answer.knowsCommitted && answer.highWatermark <= event.fetchOffset)
      return this.#cutTo(event.fetchOffset)
    return this.#mendUnlessTrusted(event.fetchOffset, nowMs)
  }

  /** The leader knows of the damage at `offset`. */
  #mendUnlessTrusted(offset: number, nowMs: number): readonly FollowerEffect[] {
    return this.#log.isTrusted ? this.#backOff(errorCode.KAFKA_STORAGE_ERROR, nowMs) : this.#cutTo(offset)
  }

  /**
   * How far both histories can be the same: the leader's epoch ends there for both. Where this log does not know that
   * epoch, its own last one before is looked at next, by the fetch that follows (KIP-279).
   */
  #meetingPoint(diverging: { readonly epoch: number; readonly endOffset: number }): number {
    const own = this.#log.endOffsetForLeaderEpoch(diverging.epoch)
    const end = this.#log.logEndOffset
    if (own.leaderEpoch < 0) return Math.min(diverging.endOffset, end)
    if (own.leaderEpoch !== diverging.epoch) return Math.min(own.endOffset, end)
    return Math.min(own.endOffset, diverging.endOffset, end)
  }

  #appended(): readonly FollowerEffect[] {
    if (this.#phase.name !== 'appending') return NOTHING
    this.#phase = { name: 'fetching' }
    return [...this.#followMarks(), { type: 'ready' }]
  }

  /** High watermark and log start as the leader has them, as far as this log reaches; neither ever goes back. */
  #followMarks(): readonly FollowerEffect[] {
    const { highWatermark, logEndOffset, logStartOffset } = this.#log
    const effects: FollowerEffect[] = []
    const committed = Math.min(this.#leaderHighWatermark, logEndOffset)
    if (committed > highWatermark) effects.push({ type: 'follow-high-watermark', offset: committed })
    const start = Math.min(this.#leaderLogStart, Math.max(committed, highWatermark))
    if (start > logStartOffset) effects.push({ type: 'follow-log-start', offset: start })
    return effects
  }

  #appendRefused(event: Extract<FollowerEvent, { type: 'append-refused' }>): readonly FollowerEffect[] {
    if (this.#phase.name !== 'appending') return NOTHING
    if (this.#log.damage !== null) return this.#confess()
    const { logStartOffset, logEndOffset } = this.#log
    const isEmpty = logStartOffset === logEndOffset
    const isInsideBatch = event.firstOffset < logEndOffset && event.nextOffset > logEndOffset
    // The leader's log begins inside a batch (DeleteRecords), which comes whole: the empty log begins with it.
    if (
      event.errorCode === errorCode.OFFSET_OUT_OF_RANGE &&
      isEmpty &&
      event.firstOffset >= 0 &&
      isInsideBatch
    )
      return this.#restartAt(event.firstOffset, true)
    return this.#failed(event.errorCode, event.nowMs)
  }

  #leaderOffsets(event: Extract<FollowerEvent, { type: 'leader-offsets' }>): readonly FollowerEffect[] {
    if (this.#phase.name !== 'asking' || event.leaderEpoch !== this.#leaderEpoch) return NOTHING
    const { logEndOffset, damage } = this.#log
    if (event.endOffset < (damage?.offset ?? logEndOffset)) return this.#cutTo(event.endOffset)
    // The leader has deleted what is damaged, but not what follows it: it stays until nobody may elect this replica.
    if (damage !== null) return this.#mendUnlessTrusted(damage.offset, event.nowMs)
    if (event.startOffset > logEndOffset) return this.#restartAt(event.startOffset, false)
    // It has it after all; not at once again, lest two that cannot agree keep each other busy.
    return this.#backOff(errorCode.OFFSET_OUT_OF_RANGE, event.nowMs)
  }

  #failed(code: number, nowMs: number): readonly FollowerEffect[] {
    switch (code) {
      case errorCode.OFFSET_OUT_OF_RANGE:
        if (this.#phase.name !== 'fetching' && this.#phase.name !== 'confessing')
          return this.#backOff(code, nowMs)
        this.#phase = { name: 'asking' }
        return READY
      case errorCode.FENCED_LEADER_EPOCH:
        this.#phase = { name: 'fenced' }
        return NOTHING
      default:
        return this.#backOff(code, nowMs)
    }
  }

  #backOff(code: number, nowMs: number): readonly FollowerEffect[] {
    const waitMs = Math.min(this.#backOffMsMax, replicationLimits.followerBackOffMsMin * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 30)
    this.#phase = { name: 'backing-off', untilMs: nowMs + waitMs }
    return [{ type: 'back-off', untilMs: nowMs + waitMs, errorCode: code }]
  }

  #damaged(): readonly FollowerEffect[] {
    if (this.#log.damage === null) return NOTHING
    switch (this.#phase.name) {
      case 'offline':
      case 'leaderless':
      case 'cutting':
      // The leader is told again when that is over, not as fast as it answers.
      case 'backing-off':
        return NOTHING
      case 'fetching':
      case 'asking':
      case 'confessing':
      case 'appending':
      case 'fenced':
        return this.#confess()
    }
  }

  #cutTo(offset: number): readonly FollowerEffect[] {
    const { highWatermark } = this.#log
    this.#phase = { name: 'cutting', thenAppend: false }
    const cut: FollowerEffect = { type: 'truncate-to', offset }
    return offset < highWatermark ? [{ type: 'cut-below-high-watermark', offset, highWatermark }, cut] : [cut]
  }

  /** What goes was deleted by the leader too, or was never there: nothing to report. */
  #restartAt(offset: number, thenAppend: boolean): readonly FollowerEffect[] {
    this.#phase = { name: 'cutting', thenAppend }
    return [{ type: 'restart-at', offset, thenAppend }]
  }

  #cutDone(): readonly FollowerEffect[] {
    if (this.#phase.name !== 'cutting') return NOTHING
    if (this.#phase.thenAppend) {
      this.#phase = { name: 'appending' }
      return [{ type: 'append' }]
    }
    return this.#begin()
  }
}
