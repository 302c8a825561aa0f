/**
 * One partition on this broker: its log, its part in replication, and everybody who waits on either.
 *
 * It ties storage's events to the high watermark and to parked requests. It never decides who leads: the metadata
 * image does. Each leader epoch has its own leader machine, and its end fails what was parked under it (trap 11).
 */
import { isOutdated } from '../../coordination/replication/follower-progress.ts'
import {
  type LeaderEffect,
  type LeaderEvent,
  type LeaderPartition,
  type LeaderSettings,
  mayBeElected,
  PartitionLeader,
} from '../../coordination/replication/partition-leader.ts'
import { errorCode } from '../../protocol/errors.ts'
import { limits } from '../../runtime/limits.ts'
import { Seats } from '../../runtime/seats.ts'
import { type AppendOptions, type AppendOutcome, refuse } from '../../storage/append-outcome.ts'
import type { LogListener } from '../../storage/log-listener.ts'
import type { PartitionLog } from '../../storage/partition-log.ts'
import { FollowerMarks } from './follower-marks.ts'
import { type ParkedAck, ParkedAcks } from './parked-acks.ts'
import type { IsrProposal, PartitionController } from './partition-controller.ts'
import type { PartitionCopier, PartitionWatcher, ReplicaWatcher } from './partition-watchers.ts'

export type { PartitionWatcher } from './partition-watchers.ts'

/** What a partition must know beside its log. */
export interface PartitionFacts {
  readonly nodeId: number
  readonly topicId: string
  readonly assigned: LeaderPartition
  readonly settings: LeaderSettings
  /** Active brokers and their epochs. */
  readonly brokerEpochs: ReadonlyMap<number, bigint>
  readonly controller: PartitionController
  readonly nowMs: number
}

/** One fetch of a follower, as far as the leader believes it. */
export interface FollowerFetched {
  readonly replica: number
  readonly brokerEpoch: bigint
  /** It has persisted everything before. */
  readonly persistedOffset: number
  readonly logEndOffset: number
  /** -1 when it does not say. */
  readonly logStartOffset: number
  readonly nowMs: number
  /** Which of its fetches this is; 0 when it does not say. */
  readonly order: number
}

export class Partition implements LogListener {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  #log: PartitionLog
  #assigned: LeaderPartition
  #settings: LeaderSettings
  #brokerEpochs: ReadonlyMap<number, bigint>
  #gone = false
  readonly #nodeId: number
  readonly #controller: PartitionController
  /** Set while this node leads and the log is ready for it. */
  #leader: PartitionLeader | null = null
  #proposal: IsrProposal | null = null
  #gaveUpMs = Number.NEGATIVE_INFINITY
  #isCutting = false
  #copier: PartitionCopier | null = null
  readonly #followerMarks = new FollowerMarks()
  readonly #writtenAcks = new ParkedAcks()
  readonly #committedAcks = new ParkedAcks()
  readonly #watchers = new Seats<PartitionWatcher>()
  readonly #replicaWatchers = new Set<ReplicaWatcher>()

  constructor(log: PartitionLog, facts: PartitionFacts) {
    this.topic = log.topic
    this.topicId = facts.topicId
    this.index = log.partition
    this.#log = log
    this.#nodeId = facts.nodeId
    this.#controller = facts.controller
    this.#assigned = facts.assigned
    this.#settings = facts.settings
    this.#brokerEpochs = facts.brokerEpochs
    log.setListener(this)
    if (facts.assigned.leader === facts.nodeId) this.#lead(facts.nowMs)
    else this.#persistAll()
  }

  get log(): PartitionLog {
    return this.#log
  }

  get leaderEpoch(): number {
    return this.#assigned.leaderEpoch
  }

  /** As the committed metadata has it. */
  get assigned(): LeaderPartition {
    return this.#assigned
  }

  /** Whether this replica may be elected, as the committed metadata has it. */
  get isTrusted(): boolean {
    return mayBeElected(this.#assigned, this.#nodeId)
  }

  get isLeader(): boolean {
    return this.#leader !== null
  }

  /** The leader machine; null while another node leads. */
  get leader(): PartitionLeader | null {
    return this.#leader
  }

  /** 0, or the code with which an acks=all append is refused before it is made: too few replicas are in sync. */
  get acksAllError(): number {
    return this.#leader === null ? errorCode.NOT_LEADER_OR_FOLLOWER : this.#leader.appendRefusal
  }

  /**
   * True while the high watermark is not known to have reached what earlier leaders committed: what is latest cannot
   * be told yet.
   */
  get isHighWatermarkBehind(): boolean {
    return this.#leader !== null && this.#leader.epochStartOffset > this.#log.highWatermark
  }

  /** 0, or why a client's request for the current leader cannot be served here. */
  leaderError(currentLeaderEpoch: number): number {
    const code = this.replicaError(currentLeaderEpoch)
    if (code === 0 && this.#leader === null) return errorCode.NOT_LEADER_OR_FOLLOWER
    return code
  }

  /** 0, or why a request that any replica may serve cannot be served here (KIP-392). */
  replicaError(currentLeaderEpoch: number): number {
    if (this.#gone) return errorCode.UNKNOWN_TOPIC_OR_PARTITION
    if (this.#log.isOffline || this.#lacksItsEnd()) return errorCode.KAFKA_STORAGE_ERROR
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch < this.leaderEpoch) return errorCode.FENCED_LEADER_EPOCH
    if (currentLeaderEpoch > this.leaderEpoch) return errorCode.UNKNOWN_LEADER_EPOCH
    return 0
  }

  /** Nobody may take the end of a damaged log for that of the partition, and cut his own to it. */
  #lacksItsEnd(): boolean {
    return this.#log.damage?.hidesEnd === true && this.#assigned.replicas.length > 1
  }

  append(records: Buffer, options: Omit<AppendOptions, 'leaderEpoch'>): AppendOutcome {
    // A deposed leader appends nothing, whatever was checked before.
    if (this.#leader === null)
      return refuse(errorCode.NOT_LEADER_OR_FOLLOWER, 'this broker does not lead the partition')
    return this.#log.append(records, { ...options, leaderEpoch: this.leaderEpoch })
  }

  /** Settles when everything below `endOffset` is written (acks=1). */
  whenWritten(ack: ParkedAck): void {
    if (this.#leader === null) ack.settle(errorCode.NOT_LEADER_OR_FOLLOWER)
    else if (this.#log.writtenOffset >= ack.endOffset) ack.settle(0)
    else this.#writtenAcks.park(ack)
  }

  /** Settles when the high watermark reaches `endOffset` (acks=all). */
  whenCommitted(ack: ParkedAck): void {
    if (this.#leader === null) ack.settle(errorCode.NOT_LEADER_OR_FOLLOWER)
    else if (this.#log.highWatermark >= ack.endOffset) ack.settle(0)
    else this.#committedAcks.park(ack)
  }

  /** The seat to be given to `unwatch`. */
  watch(watcher: PartitionWatcher): number {
    return this.#watchers.take(watcher)
  }

  unwatch(seat: number): void {
    this.#watchers.leave(seat)
  }

  watchAsReplica(watcher: ReplicaWatcher): void {
    this.#replicaWatchers.add(watcher)
  }

  unwatchAsReplica(watcher: ReplicaWatcher): void {
    this.#replicaWatchers.delete(watcher)
  }

  /** The image says something new of the partition; what was parked under an older epoch is turned away. */
  assignmentChanged(assigned: LeaderPartition, nowMs: number): void {
    const before = this.#assigned
    if (assigned.partitionEpoch <= before.partitionEpoch) return
    const isNewEpoch = assigned.leaderEpoch !== before.leaderEpoch
    this.#assigned = assigned
    this.#proposal = null
    this.#receive({ type: 'partition-committed', partition: assigned, nowMs })
    this.#followerMarks.keepOnly(assigned.replicas)
    if (isNewEpoch) {
      this.#leader = null
      if (assigned.leader === this.#nodeId) this.#lead(nowMs)
      else this.#persistAll()
    }
    if (isNewEpoch || assigned.replicas !== before.replicas)
      for (const watcher of [...this.#replicaWatchers]) watcher.partitionChanged(this)
    if (isNewEpoch) this.#tellWatchers()
  }

  settingsChanged(settings: LeaderSettings): void {
    this.#settings = settings
    this.#receive({ type: 'settings-changed', settings })
  }

  /** Active brokers and their epochs; only these may come into the in-sync set. */
  brokersChanged(epochs: ReadonlyMap<number, bigint>): void {
    this.#brokerEpochs = epochs
    this.#receive({ type: 'brokers-changed', epochs })
  }

  /** Some part of the lag time has passed. */
  tick(nowMs: number): void {
    if (this.#leader === null) return
    this.#giveUpIfDamaged(nowMs)
    this.#receive({ type: 'tick', nowMs })
  }

  /** A follower has fetched from this leader, of an epoch and from an offset that fit this log. */
  followerFetched(fetched: FollowerFetched): void {
    const { replica, persistedOffset, logStartOffset, ...told } = fetched
    const fetch = { ...told, fetchOffset: persistedOffset, isLogDamaged: this.#log.damage !== null }
    const before = this.#leader?.progressOf(replica)
    if (before !== undefined && isOutdated(before, fetch)) return
    this.#followerMarks.note(replica, logStartOffset)
    this.#receive({ type: 'follower-fetched', replica, ...fetch })
  }

  /** The first offset that any replica of `alive` may still hold, as far as the leader knows (DeleteRecords). */
  lowWatermark(alive: ReadonlyMap<number, bigint>): number {
    const others = this.#assigned.replicas.filter((replica) => replica !== this.#nodeId && alive.has(replica))
    return this.#followerMarks.lowest(others, this.#log.logStartOffset)
  }

  /** Where a follower's log begins, as it last told; 0 when it told nothing. */
  logStartOf(replica: number): number {
    return this.#followerMarks.lowest([replica], Number.POSITIVE_INFINITY)
  }

  /** From now on `copier` keeps this partition's log equal to its leader's; null: nobody does. */
  setCopier(copier: PartitionCopier | null): void {
    this.#copier = copier
  }

  /** Appends what a leader of that epoch has sent. */
  appendFromLeader(
    records: Buffer,
    leaderEpoch: number,
    nowMs: number,
    released?: () => void,
  ): AppendOutcome {
    if (this.#leader !== null || leaderEpoch !== this.leaderEpoch) {
      released?.()
      return refuse(errorCode.FENCED_LEADER_EPOCH, 'the records are of another leader epoch')
    }
    const options = { origin: 'replica', leaderEpoch, nowMs } as const
    return this.#log.append(records, released === undefined ? options : { ...options, released })
  }

  /** As a follower: consumers may read up to here. */
  followHighWatermark(offset: number): void {
    if (this.#leader !== null) return
    this.#log.setHighWatermark(offset)
    this.#tellWatchers()
  }

  /** As a follower: what the leader has deleted goes here too. */
  followLogStart(offset: number): void {
    if (this.#leader === null) this.#log.deleteRecordsBefore(offset)
  }

  /** As a follower: runs `cut` on the log, which calls back when it is over. Until then this node does not lead. */
  cut(cut: (log: PartitionLog, done: () => void) => void, nowMs: () => number, done: () => void): void {
    this.#isCutting = true
    cut(this.#log, () => {
      this.#isCutting = false
      if (this.#assigned.leader === this.#nodeId && this.#leader === null && !this.#gone) this.#lead(nowMs())
      done()
    })
  }

  /** The log moved to another directory; the same records, another owner of files. */
  replaceLog(log: PartitionLog): void {
    this.#log = log
    log.setListener(this)
    this.#advance()
  }

  /** The replica is deleted: nothing that waits will ever be. */
  remove(code: number = errorCode.UNKNOWN_TOPIC_OR_PARTITION): void {
    this.#gone = true
    this.#leader = null
    this.#copier = null
    this.#failAll(code)
    for (const watcher of [...this.#replicaWatchers]) watcher.partitionChanged(this)
  }

  written(endOffset: number): void {
    this.#writtenAcks.reached(endOffset)
    this.#advance()
    // Nobody may read what is not durable, whatever its producer waits for, so it is made so at once.
    if (this.#log.persistedOffset < endOffset) this.#log.requestDurable()
    if (this.#replicaWatchers.size > 0)
      for (const watcher of this.#replicaWatchers) watcher.partitionGrew(this)
  }

  durable(): void {
    this.#advance()
  }

  failed(fromOffset: number, code: number): void {
    this.#writtenAcks.failFrom(fromOffset, code)
    this.#committedAcks.failFrom(fromOffset, code)
    this.#copier?.appendTakenBack()
  }

  logStartOffsetMoved(): void {
    this.#tellWatchers()
  }

  offline(): void {
    this.#failAll(errorCode.KAFKA_STORAGE_ERROR)
    this.#copier?.logOffline()
    for (const watcher of [...this.#replicaWatchers]) watcher.partitionChanged(this)
  }

  #lead(nowMs: number): void {
    if (this.#isCutting) return
    const log = this.#log
    this.#leader = new PartitionLeader({
      nodeId: this.#nodeId,
      partition: this.#assigned,
      settings: this.#settings,
      brokerEpochs: this.#brokerEpochs,
      endOffset: log.highWatermark,
      epochStartOffset: log.logEndOffset,
      highWatermark: log.highWatermark,
      nowMs,
    })
    log.assignLeaderEpoch(this.leaderEpoch)
    this.#gaveUpMs = Number.NEGATIVE_INFINITY
    this.#giveUpIfDamaged(nowMs)
    this.#advance()
    this.#persistAll()
  }

  /** What a crash left in the file was perhaps never synced, and no append may come to have it synced. */
  #persistAll(): void {
    if (this.#log.persistedOffset < this.#log.writtenOffset) this.#log.requestDurable()
  }

  /** A damaged log must not be built upon: another replica may lead, and this one then fetch what is bad again. */
  #giveUpIfDamaged(nowMs: number): void {
    const { damage } = this.#log
    if (damage === null || this.#assigned.replicas.length === 1) return
    if (nowMs - this.#gaveUpMs < limits.leadershipGivenUpAgainMs) return
    this.#gaveUpMs = nowMs
    const { topic, topicId, index: partition, leaderEpoch } = this
    this.#controller.giveUpLeadership({ topic, topicId, partition, leaderEpoch, reason: damage.reason })
  }

  #advance(): void {
    if (this.#leader !== null) this.#receive({ type: 'persisted', endOffset: this.#log.persistedOffset })
    else this.#copier?.persistedMoved()
  }

  #receive(event: LeaderEvent): void {
    if (this.#leader === null) return
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
        this.#propose(effect)
        return
    }
  }

  #propose(effect: Extract<LeaderEffect, { type: 'propose-isr' }>): void {
    const { leaderEpoch, partitionEpoch, isr, lost } = effect
    const { topic, topicId, index: partition } = this
    const proposal: IsrProposal = {
      topic,
      topicId,
      partition,
      leaderEpoch,
      partitionEpoch,
      isr,
      lost,
      // Only the proposal that stands may be refused: the answer to an older one says nothing of it.
      refused: () => {
        if (this.#proposal !== proposal) return
        this.#proposal = null
        this.#receive({ type: 'isr-refused' })
      },
    }
    this.#proposal = proposal
    this.#controller.proposeIsr(proposal)
  }

  #failAll(code: number): void {
    this.#writtenAcks.failFrom(-1, code)
    this.#committedAcks.failFrom(-1, code)
    this.#tellWatchers()
  }

  #tellWatchers(): void {
    if (this.#replicaWatchers.size > 0) for (const watcher of this.#replicaWatchers) watcher.marksMoved(this)
    if (this.#watchers.count > 0) for (const watcher of this.#watchers) watcher.partitionAdvanced(this)
  }
}
