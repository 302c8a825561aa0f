/**
 * Fetch (1), versions 4–18: by name up to 12, by topic id from 13 (KIP-516), with sessions (KIP-227).
 *
 * Answers at once when there is enough, an error, or no time to wait; else it is parked on its partitions
 * and woken by their high watermarks. Only whole batches, the first one always (KIP-74). Above `min_bytes`
 * only bytes count that the reader may see.
 */
import { errorCode } from '../../protocol/errors.ts'
import { type FetchRequest, type FetchResponseInput, fetch } from '../../protocol/messages/fetch.ts'
import type { Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { FetchContext, FetchSession } from '../fetch/fetch-sessions.ts'
import {
  type FetchBounds,
  type FetchedPart,
  type FetchOutcome,
  fetchPartitions,
} from '../fetch/partition-fetch.ts'
import { type Call, serve } from '../handler.ts'
import { codeForVersion } from '../older-codes.ts'
import type { Partition, PartitionWatcher } from '../partitions/partition.ts'

type OpenContext = Exclude<FetchContext, { kind: 'error' }>
type TopicResponse = FetchResponseInput['responses'][number]
type PartitionResponse = TopicResponse['partitions'][number]

const READ_COMMITTED = 1
const FIRST_VERSION_WITH_TOPIC_IDS = 13
const NO_SESSION = 0

/** One fetch until it is answered. */
class FetchInFlight implements PartitionWatcher {
  readonly #call: Call<FetchResponseInput>
  readonly #context: OpenContext
  readonly #bounds: FetchBounds
  /** As the reader asks; memory may have less for it. */
  readonly #maxBytes: number
  readonly #minBytes: number
  readonly #deadlineMs: number
  /** Log size whose bytes are all counted; null while the log holds some that nobody may read yet. */
  readonly #watched = new Map<Partition, number | null>()
  #timer: Timer | null = null
  #forgetClose: () => void = () => {}
  #newBytes = 0
  #wakeScheduled = false
  #reading = false
  #done = false

  constructor(call: Call<FetchResponseInput>, request: FetchRequest, context: OpenContext) {
    this.#call = call
    this.#context = context
    this.#minBytes = request.minBytes
    this.#maxBytes = Math.min(Math.max(0, request.maxBytes), limits.fetchResponseBytesMax)
    this.#bounds = {
      maxBytes: this.#maxBytes,
      readCommitted: request.isolationLevel === READ_COMMITTED,
      byTopicId: call.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS,
    }
    this.#deadlineMs = call.broker.world.clock.monotonicMs() + Math.max(0, request.maxWaitMs)
  }

  read(): void {
    this.#reading = true
    const { connection, broker } = this.#call
    const setAsideBytes = connection.setAside(this.#maxBytes)
    this.#bounds.maxBytes = setAsideBytes
    fetchPartitions(broker.partitions, this.#context.wanted, this.#bounds, (outcome) => {
      this.#reading = false
      connection.giveBack(setAsideBytes)
      const nowMs = this.#call.broker.world.clock.monotonicMs()
      const leftMs = this.#deadlineMs - nowMs
      const enough =
        outcome.failed ||
        outcome.sizeBytes >= this.#minBytes ||
        (outcome.sizeBytes > 0 && setAsideBytes < this.#minBytes) ||
        leftMs <= 0 ||
        this.#context.wanted.length === 0
      if (enough || this.#call.connection.closed) this.#answer(outcome)
      else this.#park(outcome, leftMs)
    })
  }

  partitionAdvanced(partition: Partition): void {
    const seenBytes = this.#watched.get(partition)
    if (seenBytes === undefined) return
    if (seenBytes === null) {
      this.#wake()
      return
    }
    this.#newBytes += Math.max(0, partition.log.sizeBytes - seenBytes)
    this.#watched.set(partition, partition.log.sizeBytes)
    if (this.#newBytes >= this.#minBytes || partition.leaderError(-1) !== 0) this.#wake()
  }

  #park(outcome: FetchOutcome, leftMs: number): void {
    this.#newBytes = outcome.sizeBytes
    outcome.release()
    const clock = this.#call.broker.world.clock
    if (this.#timer === null) {
      this.#timer = clock.schedule(leftMs, () => this.#wake())
      this.#forgetClose = this.#call.connection.onClosed(() => this.#wake())
    }
    for (const part of outcome.parts) {
      if (part.partition === null) continue
      const { log } = part.partition
      // What is appended but not yet readable is no news when it is counted now, and must be when it turns readable.
      this.#watched.set(part.partition, log.highWatermark === log.logEndOffset ? log.sizeBytes : null)
      part.partition.watch(this)
      // It may have moved while a cold read of another partition was under way.
      if (log.highWatermark !== part.highWatermark) this.#wake()
    }
  }

  #wake(): void {
    if (this.#wakeScheduled || this.#reading || this.#done) return
    this.#wakeScheduled = true
    for (const partition of this.#watched.keys()) partition.unwatch(this)
    this.#watched.clear()
    this.#call.broker.world.clock.endOfTurn(() => {
      this.#wakeScheduled = false
      if (!this.#done) this.read()
    })
  }

  #answer(outcome: FetchOutcome): void {
    this.#done = true
    this.#timer?.cancel()
    this.#forgetClose()
    const { session } = this.#context
    const parts = session === null ? outcome.parts : this.#partsForSession(session, outcome.parts)
    this.#call.reply(
      {
        throttleTimeMs: 0,
        errorCode: 0,
        sessionId: session?.id ?? NO_SESSION,
        responses: byTopic(parts, this.#call.apiVersion),
      },
      outcome.release,
    )
  }

  /** An incremental answer mentions only what the fetcher does not know yet. */
  #partsForSession(session: FetchSession, parts: readonly FetchedPart[]): readonly FetchedPart[] {
    const { fetchSessions } = this.#call.broker
    return parts.filter((part) => {
      const { wanted } = part
      const highWatermark = BigInt(part.highWatermark)
      const logStartOffset = BigInt(part.logStartOffset)
      const news =
        wanted.mentionAlways ||
        part.sizeBytes > 0 ||
        part.errorCode !== 0 ||
        part.divergingEpoch !== null ||
        highWatermark !== wanted.lastHighWatermark ||
        logStartOffset !== wanted.lastLogStartOffset
      wanted.lastHighWatermark = highWatermark
      wanted.lastLogStartOffset = logStartOffset
      wanted.mentionAlways = part.errorCode !== 0
      fetchSessions.answered(session, wanted, part.sizeBytes > 0)
      return news || this.#context.kind === 'full'
    })
  }
}

function partitionResponse(part: FetchedPart, apiVersion: number): PartitionResponse {
  const { wanted } = part
  return {
    partitionIndex: wanted.index,
    errorCode: codeForVersion(fetch.key, apiVersion, part.errorCode),
    highWatermark: BigInt(part.highWatermark),
    lastStableOffset: BigInt(part.lastStableOffset),
    logStartOffset: BigInt(part.logStartOffset),
    abortedTransactions:
      part.abortedTransactions?.map((aborted) => ({
        producerId: aborted.producerId,
        firstOffset: BigInt(aborted.firstOffset),
      })) ?? null,
    records: part.buffers,
    ...(part.divergingEpoch === null
      ? {}
      : {
          divergingEpoch: {
            epoch: part.divergingEpoch.epoch,
            endOffset: BigInt(part.divergingEpoch.endOffset),
          },
        }),
  }
}

/** Neighbours of one topic stand together, as they were asked. */
function byTopic(parts: readonly FetchedPart[], apiVersion: number): TopicResponse[] {
  const byKey = new Map<string, { topic: string; topicId: string; partitions: PartitionResponse[] }>()
  for (const part of parts) {
    const { topic, topicId } = part.wanted
    const key = apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS ? topicId : topic
    let entry = byKey.get(key)
    if (entry === undefined) {
      entry = { topic, topicId, partitions: [] }
      byKey.set(key, entry)
    }
    entry.partitions.push(partitionResponse(part, apiVersion))
  }
  return [...byKey.values()]
}

export const fetchHandler = serve(fetch, (request, call) => {
  const { broker } = call
  const context = broker.fetchSessions.open(request, call.apiVersion, broker.world.clock.monotonicMs())
  if (context.kind === 'error') {
    call.reply({ throttleTimeMs: 0, errorCode: context.errorCode, sessionId: NO_SESSION, responses: [] })
    return
  }
  if (request.replicaId >= 0 || request.replicaState.replicaId >= 0) {
    // No other node exists, so nobody may fetch as one (CVE-2018-1288).
    call.reply({
      throttleTimeMs: 0,
      errorCode: errorCode.CLUSTER_AUTHORIZATION_FAILED,
      sessionId: NO_SESSION,
      responses: [],
    })
    return
  }
  new FetchInFlight(call, request, context).read()
})
