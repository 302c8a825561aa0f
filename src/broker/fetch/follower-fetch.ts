/**
 * One fetch of a follower until it is answered.
 *
 * It is answered at once when there are records, an error, or another request waiting behind it; soon when a high
 * watermark or log start has moved; else when its time is over. What the follower tells of itself goes to the leader
 * machines before anything is read, so that the answer carries the high watermark which it made possible.
 */
import { errorCode } from '../../protocol/errors.ts'
import type { FetchRequest, FetchResponseInput } from '../../protocol/messages/fetch.ts'
import type { Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { Call } from '../handler.ts'
import type { Partition } from '../partitions/partition.ts'
import { fetchAnswer } from './fetch-answer.ts'
import { orderOf } from './fetch-order.ts'
import type { FetchSession, WantedPartition } from './fetch-sessions.ts'
import type { FollowerSession, ParkedFollowerFetch } from './follower-session.ts'
import { type FetchBounds, type FetchedPart, type FetchOutcome, fetchPartitions } from './partition-fetch.ts'
import { followersServe } from './preferred-replica.ts'

/** The replica that fetches, as its request says. */
export interface FetchingReplica {
  readonly id: number
  /** -1 when its version tells none. */
  readonly brokerEpoch: bigint
}

const FIRST_VERSION_WITH_TOPIC_IDS = 13
const NO_SESSION = 0

function isNews(part: FetchedPart): boolean {
  const { wanted } = part
  return (
    wanted.mentionAlways ||
    part.sizeBytes > 0 ||
    part.errorCode !== 0 ||
    part.divergingEpoch !== null ||
    BigInt(part.highWatermark) !== wanted.lastHighWatermark ||
    BigInt(part.logStartOffset) !== wanted.lastLogStartOffset
  )
}

export class FollowerFetch implements ParkedFollowerFetch {
  readonly #call: Call<FetchResponseInput>
  readonly #replica: FetchingReplica
  readonly #session: FetchSession | null
  readonly #follower: FollowerSession
  readonly #bounds: FetchBounds
  readonly #maxBytes: number
  readonly #minBytes: number
  readonly #order: number
  readonly #deadlineMs: number
  readonly #newsMs: number
  readonly #forget: Array<() => void> = []
  #timer: Timer | null = null
  #timerMs = Number.POSITIVE_INFINITY
  #mustAnswer = false
  #wakeScheduled = false
  #reading = false
  #wokenWhileReading = false
  #done = false

  constructor(
    call: Call<FetchResponseInput>,
    request: FetchRequest,
    replica: FetchingReplica,
    session: FetchSession | null,
    follower: FollowerSession,
  ) {
    this.#call = call
    this.#replica = replica
    this.#session = session
    this.#follower = follower
    this.#order = orderOf(request._unknownTaggedFields)
    this.#minBytes = request.minBytes
    this.#maxBytes = Math.min(Math.max(0, request.maxBytes), limits.fetchResponseBytesMax)
    const { replication, image } = call.broker.partitions
    this.#bounds = {
      maxBytes: this.#maxBytes,
      readCommitted: false,
      byTopicId: call.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS,
      reader: {
        kind: 'replica',
        refusal: (partition, wanted) => this.#refusal(partition, wanted),
        positioned: (partition, wanted) => this.#positioned(partition, wanted),
        mustWait: (partition) => replication.leaderThrottle.mustWait(partition, replica.id),
      },
    }
    const nowMs = this.#nowMs()
    this.#deadlineMs = nowMs + Math.max(0, request.maxWaitMs)
    if (image?.brokers.has(replica.id) === true) replication.contact.asked(replica.id, nowMs)
    this.#newsMs = followersServe(call.broker.settings)
      ? limits.highWatermarkNewsMsServing
      : limits.highWatermarkNewsMs
  }

  read(): void {
    this.#reading = true
    this.#wokenWhileReading = false
    const { connection, broker } = this.#call
    const setAsideBytes = connection.setAside(this.#maxBytes)
    this.#bounds.maxBytes = setAsideBytes
    fetchPartitions(broker.partitions, this.#follower.worthALook, this.#bounds, (outcome) => {
      this.#reading = false
      connection.giveBack(setAsideBytes)
      const enough =
        outcome.failed ||
        this.#mustAnswer ||
        (outcome.sizeBytes > 0 && outcome.sizeBytes >= Math.min(this.#minBytes, setAsideBytes)) ||
        this.#nowMs() >= this.#deadlineMs
      if (enough || connection.closed) this.#answer(outcome)
      else this.#park(outcome)
    })
  }

  wake(): void {
    if (this.#reading) this.#wokenWhileReading = true
    if (this.#wakeScheduled || this.#reading || this.#done) return
    this.#wakeScheduled = true
    this.#call.broker.world.clock.endOfTurn(() => {
      this.#wakeScheduled = false
      if (!this.#done) this.read()
    })
  }

  newsSoon(): void {
    if (!this.#done) this.#answerAt(this.#nowMs() + this.#newsMs)
  }

  #nowMs(): number {
    return this.#call.broker.world.clock.monotonicMs()
  }

  /** As Kafka answers one that is no replica, or that is an earlier life of a broker (KIP-903). */
  #refusal(partition: Partition, wanted: WantedPartition): number {
    const { id, brokerEpoch } = this.#replica
    if (!partition.assigned.replicas.includes(id))
      return wanted.currentLeaderEpoch >= 0
        ? errorCode.UNKNOWN_LEADER_EPOCH
        : errorCode.NOT_LEADER_OR_FOLLOWER
    const registered = this.#call.broker.partitions.image?.brokers.get(id)?.epoch ?? -1n
    return brokerEpoch >= 0n && brokerEpoch < registered ? errorCode.NOT_LEADER_OR_FOLLOWER : 0
  }

  #positioned(partition: Partition, wanted: WantedPartition): number {
    const { id, brokerEpoch } = this.#replica
    const logEndOffset = Number(wanted.fetchOffset)
    if (this.#follower.takeNamed(wanted))
      partition.followerFetched({
        replica: id,
        brokerEpoch,
        persistedOffset: Number(wanted.persistedOffset),
        logEndOffset,
        logStartOffset: Number(wanted.logStartOffset),
        nowMs: this.#nowMs(),
        order: this.#order,
      })
    return partition.leader?.isTrustedWrongly(id, logEndOffset) === true ? errorCode.INELIGIBLE_REPLICA : 0
  }

  #park(outcome: FetchOutcome): void {
    outcome.release()
    const hasNews = outcome.parts.some(isNews)
    this.#follower.lookedAt(outcome.parts, isNews)
    if (this.#forget.length === 0) {
      this.#follower.park(this)
      const answerNow = (): void => {
        this.#mustAnswer = true
        this.wake()
      }
      this.#forget.push(
        this.#call.connection.onClosed(answerNow),
        this.#call.connection.onRequestWaiting(answerNow),
      )
    }
    this.#answerAt(this.#deadlineMs)
    if (hasNews) this.newsSoon()
    if (this.#wokenWhileReading) this.wake()
    const throttledMs = this.#call.broker.partitions.replication.leaderThrottle.freeInMs
    if (throttledMs > 0 && outcome.parts.some((part) => part.isCut))
      this.#schedule(this.#nowMs() + throttledMs, () => this.wake())
  }

  #answerAt(dueMs: number): void {
    this.#schedule(dueMs, () => {
      this.#mustAnswer = true
      this.wake()
    })
  }

  /** The earliest of what was asked for counts. */
  #schedule(dueMs: number, callback: () => void): void {
    if (dueMs >= this.#timerMs) return
    this.#timer?.cancel()
    this.#timerMs = dueMs
    this.#timer = this.#call.broker.world.clock.schedule(Math.max(0, dueMs - this.#nowMs()), () => {
      this.#timerMs = Number.POSITIVE_INFINITY
      callback()
    })
  }

  #answer(outcome: FetchOutcome): void {
    this.#done = true
    this.#timer?.cancel()
    this.#follower.park(null)
    for (const forget of this.#forget) forget()
    const isFull = this.#session === null
    const parts = outcome.parts.filter((part) => isFull || isNews(part))
    for (const part of parts) {
      const { wanted } = part
      wanted.lastHighWatermark = BigInt(part.highWatermark)
      wanted.lastLogStartOffset = BigInt(part.logStartOffset)
      // Beside where it has to cut its log a follower heeds nothing: no marks of a log that it does not share yet.
      wanted.mentionAlways = part.errorCode !== 0 || part.divergingEpoch !== null
    }
    this.#follower.told(outcome.parts)
    const { replication } = this.#call.broker.partitions
    replication.sentToReplica(this.#replica.id, parts)
    this.#call.reply(
      {
        throttleTimeMs: 0,
        errorCode: 0,
        sessionId: this.#session?.id ?? NO_SESSION,
        responses: fetchAnswer(parts, this.#call.apiVersion),
      },
      outcome.release,
    )
    if (isFull) this.#follower.end()
  }
}
