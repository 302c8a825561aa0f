/**
 * One partition on this broker: its log, its part in replication, and everybody who waits on either.
 *
 * It ties storage's events to the high watermark and to parked requests. It never decides who leads: the
 * metadata image does, and every change of the leader epoch fails what was parked under the old one.
 */
import {
  type LeaderEffect,
  type LeaderEvent,
  type LeaderPartition,
  type LeaderSettings,
  PartitionLeader,
} from '../../coordination/replication/partition-leader.ts'
import { errorCode } from '../../protocol/errors.ts'
import type { AppendOptions, AppendOutcome } from '../../storage/append-outcome.ts'
import type { LogListener } from '../../storage/log-listener.ts'
import type { PartitionLog } from '../../storage/partition-log.ts'
import { type ParkedAck, ParkedAcks } from './parked-acks.ts'

/** Somebody who wants to know that there may be more to read. */
export interface PartitionWatcher {
  partitionAdvanced(partition: Partition): void
}

/** What a partition must know beside its log. */
export interface PartitionFacts {
  readonly nodeId: number
  readonly topicId: string
  readonly assigned: LeaderPartition
  readonly settings: LeaderSettings
  readonly nowMs: number
}

export class Partition implements LogListener {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  #log: PartitionLog
  #assigned: LeaderPartition
  #gone = false
  readonly #nodeId: number
  readonly #leader: PartitionLeader
  readonly #writtenAcks = new ParkedAcks()
  readonly #committedAcks = new ParkedAcks()
  readonly #watchers = new Set<PartitionWatcher>()

  constructor(log: PartitionLog, facts: PartitionFacts) {
    this.topic = log.topic
    this.topicId = facts.topicId
    this.index = log.partition
    this.#log = log
    this.#nodeId = facts.nodeId
    this.#assigned = facts.assigned
    this.#leader = new PartitionLeader({
      nodeId: facts.nodeId,
      partition: facts.assigned,
      settings: facts.settings,
      brokerEpochs: new Map(),
      endOffset: log.highWatermark,
      highWatermark: log.highWatermark,
      nowMs: facts.nowMs,
    })
    log.setListener(this)
    if (this.isLeader) this.#lead()
  }

  get log(): PartitionLog {
    return this.#log
  }

  get leaderEpoch(): number {
    return this.#assigned.leaderEpoch
  }

  get isLeader(): boolean {
    return this.#assigned.leader === this.#nodeId
  }

  /** 0, or the code with which an acks=all append is refused before it is made: too few replicas are in sync. */
  get acksAllError(): number {
    return this.#leader.appendRefusal
  }

  /** 0, or why a client's request for the current leader cannot be served here. */
  leaderError(currentLeaderEpoch: number): number {
    if (this.#gone) return errorCode.UNKNOWN_TOPIC_OR_PARTITION
    if (this.#log.isOffline) return errorCode.KAFKA_STORAGE_ERROR
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch < this.leaderEpoch) return errorCode.FENCED_LEADER_EPOCH
    if (currentLeaderEpoch > this.leaderEpoch) return errorCode.UNKNOWN_LEADER_EPOCH
    if (!this.isLeader) return errorCode.NOT_LEADER_OR_FOLLOWER
    return 0
  }

  append(records: Buffer, options: Omit<AppendOptions, 'leaderEpoch'>): AppendOutcome {
    return this.#log.append(records, { ...options, leaderEpoch: this.leaderEpoch })
  }

  /** Settles when everything below `endOffset` is written (acks=1). */
  whenWritten(ack: ParkedAck): void {
    if (this.#log.writtenOffset >= ack.endOffset) ack.settle(0)
    else this.#writtenAcks.park(ack)
  }

  /** Settles when the high watermark reaches `endOffset` (acks=all). */
  whenCommitted(ack: ParkedAck): void {
    if (this.#log.highWatermark >= ack.endOffset) {
      ack.settle(0)
      return
    }
    this.#committedAcks.park(ack)
  }

  watch(watcher: PartitionWatcher): void {
    this.#watchers.add(watcher)
  }

  unwatch(watcher: PartitionWatcher): void {
    this.#watchers.delete(watcher)
  }

  /** The image says something new of the partition; what was parked under an older epoch is turned away. */
  assignmentChanged(assigned: LeaderPartition, nowMs: number): void {
    const isNewEpoch = assigned.leaderEpoch !== this.#assigned.leaderEpoch
    this.#assigned = assigned
    this.#receive({ type: 'partition-committed', partition: assigned, nowMs })
    if (isNewEpoch && this.isLeader) this.#lead()
  }

  settingsChanged(settings: LeaderSettings): void {
    this.#receive({ type: 'settings-changed', settings })
  }

  /** The log moved to another directory; the same records, another owner of files. */
  replaceLog(log: PartitionLog): void {
    this.#log = log
    log.setListener(this)
    this.#advance()
  }

  /** The partition is deleted: nothing that waits will ever be. */
  remove(): void {
    this.#gone = true
    this.#failAll(errorCode.UNKNOWN_TOPIC_OR_PARTITION)
  }

  written(endOffset: number): void {
    this.#writtenAcks.reached(endOffset)
    this.#advance()
    // Nobody may read what is not durable, whatever its producer waits for, so it is made so at once.
    if (this.#log.persistedOffset < endOffset) this.#log.requestDurable()
  }

  durable(): void {
    this.#advance()
  }

  failed(fromOffset: number, code: number): void {
    this.#writtenAcks.failFrom(fromOffset, code)
    this.#committedAcks.failFrom(fromOffset, code)
  }

  logStartOffsetMoved(): void {
    this.#tellWatchers()
  }

  offline(): void {
    this.#failAll(errorCode.KAFKA_STORAGE_ERROR)
  }

  #lead(): void {
    this.#log.assignLeaderEpoch(this.leaderEpoch)
    this.#advance()
    // What a crash left in the file was perhaps never synced, and no append may come to have it synced.
    if (this.#log.persistedOffset < this.#log.writtenOffset) this.#log.requestDurable()
  }

  #advance(): void {
    this.#receive({ type: 'persisted', endOffset: this.#log.persistedOffset })
  }

  #receive(event: LeaderEvent): void {
    for (const effect of this.#leader.receive(event)) this.#carryOut(effect)
  }

  #carryOut(effect: LeaderEffect): void {
    switch (effect.type) {
      case 'advance-high-watermark':
        this.#log.setHighWatermark(effect.offset)
        this.#tellWatchers()
        return
      case 'complete-acks':
        this.#committedAcks.reached(effect.offset, effect.errorCode)
        return
      case 'fail-acks':
        this.#failAll(effect.errorCode)
        return
      case 'propose-isr':
        throw new Error(`${this.topic}-${this.index} has one replica, whose in-sync set cannot change`)
    }
  }

  #failAll(code: number): void {
    this.#writtenAcks.failFrom(-1, code)
    this.#committedAcks.failFrom(-1, code)
    this.#tellWatchers()
  }

  #tellWatchers(): void {
    if (this.#watchers.size === 0) return
    for (const watcher of [...this.#watchers]) watcher.partitionAdvanced(this)
  }
}
