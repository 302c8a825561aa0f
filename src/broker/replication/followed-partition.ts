/**
 * One followed partition: carries out on its log what the follower machine decides, and tells its fetcher when there is
 * something to ask of the leader.
 *
 * It decides nothing itself. The records of an answer go to the log as they came; they are kept here only while a
 * restart of the log has to come first.
 */
import {
  type FollowedLog,
  type FollowerEffect,
  type FollowerEvent,
  type FollowerWish,
  type LeaderAnswer,
  PartitionFollower,
} from '../../coordination/replication/partition-follower.ts'
import { errorCode } from '../../protocol/errors.ts'
import { BATCH_HEADER_BYTES, baseOffset, lastOffsetDelta } from '../../protocol/records/batch.ts'
import type { World } from '../../runtime/world.ts'
import type { Partition } from '../partitions/partition.ts'
import type { PartitionCopier } from '../partitions/partition-watchers.ts'
import type { AnswerMemory } from './leader-connection.ts'
import type { ReplicationMetrics } from './replication-metrics.ts'

/** Where a follower stands, as a fetch tells it. */
export interface FollowerPosition {
  readonly leaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  /** At or before `fetchOffset`: what this replica may be counted with. */
  readonly persistedOffset: number
}

/** Whoever fetches for this partition. */
export interface FollowedOwner {
  /** `wants` may say something else now, and the position may be another one. */
  wishChanged(followed: FollowedPartition): void
  backedOff(followed: FollowedPartition, untilMs: number): void
  /** More of what was fetched is persisted. */
  persistedMoved(followed: FollowedPartition): void
}

/** The partition's log of the moment: a move between directories gives it another. */
class LogView implements FollowedLog {
  readonly #partition: Partition
  constructor(partition: Partition) {
    this.#partition = partition
  }
  get logStartOffset(): number {
    return this.#partition.log.logStartOffset
  }
  get logEndOffset(): number {
    return this.#partition.log.logEndOffset
  }
  get highWatermark(): number {
    return this.#partition.log.highWatermark
  }
  get latestLeaderEpoch(): number {
    return this.#partition.log.latestLeaderEpoch
  }
  get damage(): FollowedLog['damage'] {
    return this.#partition.log.damage
  }
  get isTrusted(): boolean {
    return this.#partition.isTrusted
  }
  endOffsetForLeaderEpoch(leaderEpoch: number): { leaderEpoch: number; endOffset: number } {
    return this.#partition.log.endOffsetForLeaderEpoch(leaderEpoch)
  }
}

export class FollowedPartition implements PartitionCopier {
  readonly partition: Partition
  readonly #machine: PartitionFollower
  readonly #owner: FollowedOwner
  readonly #world: Pick<World, 'clock' | 'log'>
  readonly #metrics: ReplicationMetrics
  /** Of the answer that is taken in, and while a cut has to come before it is. */
  #records: { readonly bytes: Buffer; readonly memory: AnswerMemory } | null = null
  #isOver = false
  /** The leader's high watermark as it last told; -1 before it did. For the lag that operators see. */
  leaderHighWatermark = -1

  constructor(
    partition: Partition,
    owner: FollowedOwner,
    world: Pick<World, 'clock' | 'log'>,
    metrics: ReplicationMetrics,
    backOffMsMax: number,
  ) {
    this.partition = partition
    this.#owner = owner
    this.#world = world
    this.#metrics = metrics
    this.#machine = new PartitionFollower({ log: new LogView(partition), backOffMsMax })
    partition.setCopier(this)
  }

  get wants(): FollowerWish {
    return this.#isOver ? 'nothing' : this.#machine.wants
  }

  get leader(): number {
    return this.#machine.leader
  }

  get isFailed(): boolean {
    return this.#machine.phase === 'offline'
  }

  get position(): FollowerPosition {
    const { log } = this.partition
    const { leaderEpoch, fetchOffset } = this.#machine
    const isAtEnd = fetchOffset === log.logEndOffset
    return {
      leaderEpoch,
      fetchOffset,
      lastFetchedEpoch: isAtEnd ? log.latestLeaderEpoch : log.leaderEpochOf(fetchOffset - 1),
      logStartOffset: log.logStartOffset,
      persistedOffset: Math.min(log.persistedOffset, fetchOffset),
    }
  }

  get isPersisted(): boolean {
    const { log } = this.partition
    return log.persistedOffset >= log.logEndOffset
  }

  leaderKnown(leader: number, leaderEpoch: number): void {
    this.#tell({ type: 'leader-known', leader, leaderEpoch })
  }

  /** The leader's answer to a fetch from `sent`, with records or without; they lie in `memory`. */
  answered(sent: FollowerPosition, answer: LeaderAnswer, records: Buffer, memory: AnswerMemory): void {
    if (answer.errorCode === 0) this.leaderHighWatermark = answer.highWatermark
    this.#forget()
    memory.retain()
    this.#records = { bytes: records, memory }
    const nowMs = this.#nowMs()
    const { leaderEpoch, fetchOffset } = sent
    this.#tell({ type: 'answered', leaderEpoch, fetchOffset, answer, nowMs })
    if (this.#machine.phase !== 'cutting') this.#forget()
  }

  /** Where the leader's log begins and ends, as asked in that epoch; or the error that it answered. */
  leaderOffsets(
    leaderEpoch: number,
    found: { readonly startOffset: number; readonly endOffset: number } | { readonly errorCode: number },
  ): void {
    const nowMs = this.#nowMs()
    if ('errorCode' in found)
      this.#tell({ type: 'leader-failed', leaderEpoch, errorCode: found.errorCode, nowMs })
    else this.#tell({ type: 'leader-offsets', leaderEpoch, ...found, nowMs })
  }

  /** Some wait may be over, or the log may have turned out to be damaged. */
  tick(nowMs: number): void {
    if (this.partition.log.damage !== null) this.#tell({ type: 'log-damaged' })
    this.#tell({ type: 'tick', nowMs })
  }

  /** Nobody follows here any more. */
  end(): void {
    this.#isOver = true
    this.#forget()
    this.partition.setCopier(null)
  }

  persistedMoved(): void {
    if (!this.#isOver) this.#owner.persistedMoved(this)
  }

  appendTakenBack(): void {
    this.#tell({ type: 'append-taken-back', nowMs: this.#nowMs() })
  }

  logOffline(): void {
    this.#tell({ type: 'log-offline' })
    if (!this.#isOver) this.#owner.wishChanged(this)
  }

  #nowMs(): number {
    return this.#world.clock.monotonicMs()
  }

  #tell(event: FollowerEvent): void {
    if (this.#isOver) return
    for (const effect of this.#machine.receive(event)) this.#carryOut(effect)
  }

  #carryOut(effect: FollowerEffect): void {
    switch (effect.type) {
      case 'append':
        this.#append()
        return
      case 'truncate-to':
        this.#cut((log, done) => log.truncateTo(effect.offset, done))
        return
      case 'restart-at':
        this.#cut((log, done) => log.truncateFullyAndStartAt(effect.offset, done))
        return
      case 'cut-below-high-watermark':
        this.#metrics.cutsBelowHighWatermark.add()
        this.#world.log.warn('a follower gives up what was committed here', {
          ...this.#names,
          offset: effect.offset,
          highWatermark: effect.highWatermark,
        })
        return
      case 'follow-high-watermark':
        this.partition.followHighWatermark(effect.offset)
        return
      case 'follow-log-start':
        this.partition.followLogStart(effect.offset)
        return
      case 'ready':
        this.#owner.wishChanged(this)
        return
      case 'back-off':
        this.#world.log.debug('a followed partition waits', { ...this.#names, errorCode: effect.errorCode })
        this.#owner.backedOff(this, effect.untilMs)
        return
    }
  }

  get #names() {
    return { topic: this.partition.topic, partition: this.partition.index }
  }

  #forget(): void {
    this.#records?.memory.release()
    this.#records = null
  }

  #append(): void {
    if (this.#records === null) throw new Error('there are no records to append')
    const { bytes, memory } = this.#records
    const wallMs = this.#world.clock.wallMs()
    memory.retain()
    const released = (): void => memory.release()
    const outcome = this.partition.appendFromLeader(bytes, this.#machine.leaderEpoch, wallMs, released)
    if (outcome.ok) {
      this.#forget()
      this.#metrics.bytesIn.add(outcome.sizeBytes)
      this.#tell({ type: 'appended' })
      return
    }
    const isBatch = bytes.length >= BATCH_HEADER_BYTES
    const firstOffset = isBatch ? baseOffset(bytes, 0) : -1
    const nextOffset = isBatch ? firstOffset + lastOffsetDelta(bytes, 0) + 1 : -1
    if (outcome.errorCode !== errorCode.OFFSET_OUT_OF_RANGE)
      this.#world.log.warn('records of the leader cannot be appended', {
        ...this.#names,
        errorCode: outcome.errorCode,
        reason: outcome.message,
      })
    const nowMs = this.#nowMs()
    this.#tell({ type: 'append-refused', errorCode: outcome.errorCode, firstOffset, nextOffset, nowMs })
    if (this.#machine.phase !== 'cutting') this.#forget()
  }

  #cut(cut: (log: Partition['log'], done: () => void) => void): void {
    this.partition.cut(
      cut,
      () => this.#nowMs(),
      () => this.#tell({ type: 'cut' }),
    )
  }
}
