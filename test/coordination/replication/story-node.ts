/**
 * One broker of a replication story: a log and the machine of its role, with effects carried out at once and told to
 * the story. What a leader checks before it believes a fetch is spelled out here as the broker has it.
 */
import {
  type FollowerEffect,
  type FollowerEvent,
  type LeaderAnswer,
  PartitionFollower,
} from '../../../src/coordination/replication/partition-follower.ts'
import {
  type LeaderEffect,
  type LeaderEvent,
  type LeaderPartition,
  PartitionLeader,
} from '../../../src/coordination/replication/partition-leader.ts'
import { errorCode } from '../../../src/protocol/errors.ts'
import { StoryLog, type StoryRecord } from './story-log.ts'

export interface Position {
  readonly leaderEpoch: number
  readonly offset: number
  readonly lastEpoch: number
  readonly persisted: number
}

export interface NodeAnswer extends LeaderAnswer {
  readonly records: readonly StoryRecord[]
}

interface ParkedAck {
  readonly endOffset: number
  readonly acks: 'all' | '1'
}

/** What the story gives to its nodes. */
export interface StoryWorld {
  nowMs: number
  readonly insyncReplicasMin: number
  readonly lagMsMax: number
  readonly brokerEpochs: ReadonlyMap<number, bigint>
  say(line: string): void
  propose(node: number, effect: Extract<LeaderEffect, { type: 'propose-isr' }>): void
  acked(node: number, endOffset: number): void
}

const names = new Map<number, string>(Object.entries(errorCode).map(([name, code]) => [code, name]))

export function codeText(code: number): string {
  return code === 0 ? 'ok' : (names.get(code) ?? String(code))
}

const BACK_OFF_MS_MAX = 1_000

export class StoryNode {
  readonly id: number
  readonly log = new StoryLog()
  readonly #world: StoryWorld
  isUp = true
  /** Hears nothing of the metadata. */
  isDeaf = false
  hasSlowDisk = false
  brokerEpoch: bigint
  leader: PartitionLeader | null = null
  follower: PartitionFollower | null = null
  partition: LeaderPartition | null = null
  #acks: ParkedAck[] = []
  #records: readonly StoryRecord[] = []

  constructor(id: number, brokerEpoch: bigint, world: StoryWorld) {
    this.id = id
    this.brokerEpoch = brokerEpoch
    this.#world = world
  }

  /** The committed metadata. */
  hear(partition: LeaderPartition): void {
    if (!this.isUp || this.isDeaf) return
    if (this.partition !== null && partition.partitionEpoch <= this.partition.partitionEpoch) return
    const isNewEpoch = this.partition?.leaderEpoch !== partition.leaderEpoch
    this.partition = partition
    const { isr, eligibleLeaderReplicas: eligible = [] } = partition
    this.log.isTrusted = isr.includes(this.id) || eligible.includes(this.id)
    if (this.leader !== null) this.lead({ type: 'partition-committed', partition, nowMs: this.#world.nowMs })
    if (isNewEpoch) this.leader = null
    if (partition.leader === this.id) {
      this.follower = null
      if (isNewEpoch) this.#becomeLeader(partition)
      return
    }
    const { log } = this
    this.follower ??= new PartitionFollower({ log, backOffMsMax: BACK_OFF_MS_MAX })
    if (!this.hasSlowDisk) this.persist()
    this.follow({ type: 'leader-known', leader: partition.leader, leaderEpoch: partition.leaderEpoch })
    if (log.damage !== null) this.follow({ type: 'log-damaged' })
  }

  #becomeLeader(partition: LeaderPartition): void {
    const { log } = this
    const { insyncReplicasMin, lagMsMax, brokerEpochs, nowMs } = this.#world
    this.leader = new PartitionLeader({
      nodeId: this.id,
      partition,
      settings: { insyncReplicasMin, lagMsMax },
      brokerEpochs,
      endOffset: log.highWatermark,
      epochStartOffset: log.logEndOffset,
      highWatermark: log.highWatermark,
      nowMs,
    })
    log.assignEpoch(partition.leaderEpoch)
    this.#world.say(`${this.id} leads epoch ${partition.leaderEpoch} from ${log.logEndOffset}`)
    this.lead({ type: 'persisted', endOffset: log.persistedOffset })
    if (!this.hasSlowDisk) this.persist()
  }

  /** A producer's records; acks 0 is never answered. */
  produce(count: number, acks: 'all' | '1' | '0', mark: () => number): void {
    const { leader, log } = this
    const refusal =
      leader === null
        ? errorCode.NOT_LEADER_OR_FOLLOWER
        : log.damage !== null
          ? errorCode.KAFKA_STORAGE_ERROR
          : acks === 'all'
            ? leader.appendRefusal
            : 0
    if (leader === null || refusal !== 0) {
      if (acks !== '0') this.#world.say(`${this.id} refuses: ${codeText(refusal)}`)
      return
    }
    const first = log.logEndOffset
    const epoch = this.partition?.leaderEpoch ?? -1
    for (let i = 0; i < count; i++) log.append({ offset: first + i, epoch, mark: mark() })
    const endOffset = log.logEndOffset
    this.#world.say(`${this.id} appends ${first}-${endOffset - 1}@${epoch}`)
    if (acks === '1') this.#world.say(`ack 1 to ${endOffset}: ok`)
    if (acks === 'all') this.#acks.push({ endOffset, acks })
    if (!this.hasSlowDisk) this.persist()
  }

  persist(): void {
    const { log } = this
    log.persistAll()
    if (this.leader !== null) this.lead({ type: 'persisted', endOffset: log.persistedOffset })
  }

  lead(event: LeaderEvent): void {
    for (const effect of this.leader?.receive(event) ?? []) this.#carryOutLeader(effect)
  }

  #carryOutLeader(effect: LeaderEffect): void {
    switch (effect.type) {
      case 'advance-high-watermark':
        this.log.highWatermark = effect.offset
        this.#world.say(`${this.id} high watermark ${effect.offset}`)
        return
      case 'complete-acks':
        for (const ack of this.#takeAcks(effect.offset)) {
          this.#world.say(`ack all to ${ack.endOffset}: ${codeText(effect.errorCode)}`)
          if (effect.errorCode === 0) this.#world.acked(this.id, ack.endOffset)
        }
        return
      case 'fail-acks':
        for (const ack of this.#takeAcks(Number.POSITIVE_INFINITY))
          this.#world.say(`ack all to ${ack.endOffset}: ${codeText(effect.errorCode)}`)
        return
      case 'propose-isr':
        this.#world.propose(this.id, effect)
        return
    }
  }

  #takeAcks(upTo: number): ParkedAck[] {
    const taken = this.#acks.filter(({ endOffset }) => endOffset <= upTo)
    this.#acks = this.#acks.filter(({ endOffset }) => endOffset > upTo)
    return taken
  }

  get position(): Position {
    const { log, follower } = this
    const offset = follower?.fetchOffset ?? log.logEndOffset
    return {
      leaderEpoch: follower?.leaderEpoch ?? -1,
      offset,
      lastEpoch: offset === log.logEndOffset ? log.latestLeaderEpoch : log.epochOf(offset - 1),
      persisted: Math.min(log.persistedOffset, offset),
    }
  }

  /** Answers a follower, as the broker's fetch does: fences, compares histories, believes, and only then reads. */
  serve(replica: number, brokerEpoch: bigint, at: Position, recordsMax: number): NodeAnswer {
    const { log, leader, partition } = this
    const known = partition?.leaderEpoch ?? -1
    if (at.leaderEpoch < known) return this.#refuse(errorCode.FENCED_LEADER_EPOCH)
    if (at.leaderEpoch > known) return this.#refuse(errorCode.UNKNOWN_LEADER_EPOCH)
    if (leader === null || partition === null) return this.#refuse(errorCode.NOT_LEADER_OR_FOLLOWER)
    if (!partition.replicas.includes(replica)) return this.#refuse(errorCode.UNKNOWN_LEADER_EPOCH)
    if (brokerEpoch < (this.#world.brokerEpochs.get(replica) ?? -1n))
      return this.#refuse(errorCode.NOT_LEADER_OR_FOLLOWER)
    if (at.offset < log.logStartOffset)
      return this.#refuse(this.#believe(replica, brokerEpoch, at) || errorCode.OFFSET_OUT_OF_RANGE)
    const end = log.endOffsetForLeaderEpoch(at.lastEpoch)
    if (end.leaderEpoch >= 0 && (end.leaderEpoch < at.lastEpoch || end.endOffset < at.offset))
      return { ...this.#answer([]), divergingEpoch: { epoch: end.leaderEpoch, endOffset: end.endOffset } }
    if (at.offset > log.logEndOffset) return this.#refuse(errorCode.OFFSET_OUT_OF_RANGE)
    const unfit = this.#believe(replica, brokerEpoch, at)
    if (unfit !== 0) return this.#refuse(unfit)
    return this.#answer(log.records.filter(({ offset }) => offset >= at.offset).slice(0, recordsMax))
  }

  #believe(replica: number, brokerEpoch: bigint, { persisted, offset }: Position): number {
    const nowMs = this.#world.nowMs
    const fetched = { fetchOffset: persisted, logEndOffset: offset }
    this.lead({ type: 'follower-fetched', replica, brokerEpoch, ...fetched, nowMs })
    return this.leader?.isTrustedWrongly(replica, offset) === true ? errorCode.INELIGIBLE_REPLICA : 0
  }

  #refuse(code: number): NodeAnswer {
    return {
      errorCode: code,
      highWatermark: -1,
      knowsCommitted: false,
      logStartOffset: -1,
      divergingEpoch: null,
      hasRecords: false,
      records: [],
    }
  }

  #answer(records: readonly StoryRecord[]): NodeAnswer {
    const { highWatermark, logStartOffset } = this.log
    return {
      errorCode: 0,
      highWatermark,
      knowsCommitted: highWatermark >= (this.leader?.epochStartOffset ?? Number.POSITIVE_INFINITY),
      logStartOffset,
      divergingEpoch: null,
      hasRecords: records.length > 0,
      records,
    }
  }

  answered(sent: Position, answer: NodeAnswer): void {
    this.#records = answer.records
    this.follow({
      type: 'answered',
      leaderEpoch: sent.leaderEpoch,
      fetchOffset: sent.offset,
      answer,
      nowMs: this.#world.nowMs,
    })
  }

  follow(event: FollowerEvent): void {
    for (const effect of this.follower?.receive(event) ?? []) this.#carryOutFollower(effect)
  }

  #carryOutFollower(effect: FollowerEffect): void {
    const { log } = this
    switch (effect.type) {
      case 'append':
        for (const record of this.#records) log.append(record)
        this.#world.say(`${this.id} copies up to ${log.logEndOffset}`)
        if (!this.hasSlowDisk) this.persist()
        this.follow({ type: 'appended' })
        return
      case 'truncate-to':
        this.#world.say(`${this.id} cuts to ${effect.offset}`)
        log.truncateTo(effect.offset)
        this.follow({ type: 'cut' })
        return
      case 'restart-at':
        this.#world.say(`${this.id} restarts at ${effect.offset}`)
        log.restartAt(effect.offset)
        this.follow({ type: 'cut' })
        return
      case 'cut-below-high-watermark':
        this.#world.say(`${this.id} GIVES UP committed ${effect.offset}-${effect.highWatermark - 1}`)
        return
      case 'follow-high-watermark':
        log.highWatermark = effect.offset
        this.#world.say(`${this.id} high watermark ${effect.offset}`)
        return
      case 'follow-log-start':
        log.deleteBefore(effect.offset)
        this.#world.say(`${this.id} log start ${effect.offset}`)
        return
      case 'ready':
        return
      case 'back-off':
        this.#world.say(`${this.id} waits: ${codeText(effect.errorCode)}`)
        return
    }
  }

  /** The process dies; what was not persisted goes, unless only the process died. */
  crash(losesUnpersisted: boolean): void {
    this.isUp = false
    this.leader = null
    this.follower = null
    this.partition = null
    for (const ack of this.#takeAcks(Number.POSITIVE_INFINITY))
      this.#world.say(`ack all to ${ack.endOffset}: connection lost`)
    const { log } = this
    if (losesUnpersisted) log.truncateTo(log.durableOffset)
    log.highWatermark = Math.min(log.checkpointedHighWatermark, log.logEndOffset)
    log.persistedOffset = Math.min(log.checkpointedPersistedOffset, log.logEndOffset)
  }
}
