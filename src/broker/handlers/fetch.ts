/**
 * Fetch (1), versions 4–18: by name up to 12, by topic id from 13 (KIP-516), with sessions (KIP-227).
 *
 * A follower's fetch is `FollowerFetch`'s. A consumer's is answered at once when there is enough, an error, or no time to
 * wait; else it is parked on its partitions and woken by their high watermarks. Only whole batches, the first one always (KIP-74). Above `min_bytes`
 * only bytes count that the reader may see.
 */
import { errorCode } from '../../protocol/errors.ts'
import { type FetchRequest, type FetchResponseInput, fetch } from '../../protocol/messages/fetch.ts'
import type { Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import { CurrentLeaders } from '../current-leaders.ts'
import { fetchAnswer } from '../fetch/fetch-answer.ts'
import type { FetchContext, FetchSession, WantedPartition } from '../fetch/fetch-sessions.ts'
import { type FetchingReplica, FollowerFetch } from '../fetch/follower-fetch.ts'
import { FollowerSession } from '../fetch/follower-session.ts'
import {
  type FetchBounds,
  type FetchedPart,
  type FetchOutcome,
  fetchPartitions,
} from '../fetch/partition-fetch.ts'
import { preferredReplicaFor } from '../fetch/preferred-replica.ts'
import { type Call, serve } from '../handler.ts'
import type { Partition, PartitionWatcher } from '../partitions/partition.ts'

type OpenContext = Exclude<FetchContext, { kind: 'error' }>

const READ_COMMITTED = 1
/** From here on a consumer tells its rack, and knows that a follower may serve it (KIP-392). */
const FIRST_VERSION_WITH_RACK = 11
const FIRST_VERSION_WITH_TOPIC_IDS = 13
/** From here on an answer tells who leads what is led elsewhere (KIP-951). */
const FIRST_VERSION_WITH_LEADERS = 16
const NO_SESSION = 0

/** What a parked fetch saw of a partition. */
interface Seen {
  /** Log size whose bytes are all counted; null while the log holds some that nobody may read yet. */
  sizeBytes: number | null
  readonly leaderEpoch: number
  /** Where it waits at the partition. */
  readonly seat: number
}

/** One fetch of a consumer until it is answered. */
class FetchInFlight implements PartitionWatcher {
  readonly #call: Call<FetchResponseInput>
  readonly #context: OpenContext
  readonly #wanted: readonly WantedPartition[]
  readonly #bounds: FetchBounds
  /** As the reader asks; memory may have less for it. */
  readonly #maxBytes: number
  readonly #minBytes: number
  readonly #deadlineMs: number
  readonly #watched = new Map<Partition, Seen>()
  #timer: Timer | null = null
  #forgetClose: () => void = () => {}
  #newBytes = 0
  #wakeScheduled = false
  #reading = false
  #done = false

  constructor(call: Call<FetchResponseInput>, request: FetchRequest, context: OpenContext) {
    this.#call = call
    this.#context = context
    this.#wanted = context.wanted
    this.#minBytes = request.minBytes
    this.#maxBytes = Math.min(Math.max(0, request.maxBytes), limits.fetchResponseBytesMax)
    this.#bounds = {
      maxBytes: this.#maxBytes,
      readCommitted: request.isolationLevel === READ_COMMITTED,
      byTopicId: call.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS,
      reader: {
        kind: 'consumer',
        acceptsFollowers: call.apiVersion >= FIRST_VERSION_WITH_RACK,
        preferredReplica: preferredReplicaFor(call.broker, request.rackId),
      },
    }
    this.#deadlineMs = call.broker.world.clock.monotonicMs() + Math.max(0, request.maxWaitMs)
  }

  read(): void {
    this.#reading = true
    const { connection, broker } = this.#call
    const setAsideBytes = connection.setAside(this.#maxBytes)
    this.#bounds.maxBytes = setAsideBytes
    fetchPartitions(broker.partitions, this.#wanted, this.#bounds, (outcome) => {
      this.#reading = false
      connection.giveBack(setAsideBytes)
      const nowMs = this.#call.broker.world.clock.monotonicMs()
      const leftMs = this.#deadlineMs - nowMs
      const enough =
        outcome.failed ||
        outcome.sizeBytes >= this.#minBytes ||
        (outcome.sizeBytes > 0 && setAsideBytes < this.#minBytes) ||
        leftMs <= 0 ||
        this.#wanted.length === 0
      if (enough || this.#call.connection.closed) this.#answer(outcome)
      else this.#park(outcome, leftMs)
    })
  }

  partitionAdvanced(partition: Partition): void {
    const seen = this.#watched.get(partition)
    if (seen === undefined) return
    const { sizeBytes, leaderEpoch } = seen
    if (sizeBytes === null || leaderEpoch !== partition.leaderEpoch) {
      this.#wake()
      return
    }
    this.#newBytes += Math.max(0, partition.log.sizeBytes - sizeBytes)
    seen.sizeBytes = partition.log.sizeBytes
    if (this.#newBytes >= this.#minBytes || partition.replicaError(-1) !== 0) this.#wake()
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
      this.#watched.set(part.partition, {
        sizeBytes: log.highWatermark === log.logEndOffset ? log.sizeBytes : null,
        leaderEpoch: part.partition.leaderEpoch,
        // A request may name a partition twice.
        seat: this.#watched.get(part.partition)?.seat ?? part.partition.watch(this),
      })
      // It may have moved while a cold read of another partition was under way.
      if (log.highWatermark !== part.highWatermark) this.#wake()
    }
  }

  #wake(): void {
    if (this.#wakeScheduled || this.#reading || this.#done) return
    this.#wakeScheduled = true
    this.#unwatch()
    this.#call.broker.world.clock.endOfTurn(() => {
      this.#wakeScheduled = false
      if (!this.#done) this.read()
    })
  }

  #unwatch(): void {
    for (const [partition, { seat }] of this.#watched) partition.unwatch(seat)
    this.#watched.clear()
  }

  #answer(outcome: FetchOutcome): void {
    this.#done = true
    this.#unwatch()
    this.#timer?.cancel()
    this.#forgetClose()
    const { session } = this.#context
    const parts = session === null ? outcome.parts : this.#partsForSession(session, outcome.parts)
    const { apiVersion } = this.#call
    const leaders =
      outcome.failed && apiVersion >= FIRST_VERSION_WITH_LEADERS ? new CurrentLeaders(this.#call) : null
    const responses = fetchAnswer(parts, apiVersion, leaders)
    this.#call.reply(
      {
        throttleTimeMs: 0,
        errorCode: 0,
        sessionId: session?.id ?? NO_SESSION,
        responses,
        nodeEndpoints: leaders?.endpoints,
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
        part.preferredReadReplica >= 0 ||
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

/** The replica that fetches; null for a consumer. */
function replicaOf(request: FetchRequest): FetchingReplica | null {
  const { replicaId, replicaEpoch } = request.replicaState
  if (replicaId >= 0) return { id: replicaId, brokerEpoch: replicaEpoch }
  return request.replicaId >= 0 ? { id: request.replicaId, brokerEpoch: -1n } : null
}

function refuse(call: Call<FetchResponseInput>, code: number): void {
  call.reply({ throttleTimeMs: 0, errorCode: code, sessionId: NO_SESSION, responses: [] })
}

/** Sessions of followers, each for as long as its connection lives. */
const followerSessions = new WeakMap<FetchSession, FollowerSession>()

function followerSessionOf(
  call: Call<FetchResponseInput>,
  context: OpenContext,
  replica: FetchingReplica,
): FollowerSession {
  const { broker, connection } = call
  const { session } = context
  const known = session === null ? undefined : followerSessions.get(session)
  if (known !== undefined) return known
  const made = new FollowerSession(broker.partitions)
  if (session === null) return made
  followerSessions.set(session, made)
  const forgetClose = connection.onClosed(() => {
    broker.leaderDoubts.beginBriefly(replica.id)
    broker.fetchSessions.end(session.id, replica.id)
  })
  session.ended = () => {
    forgetClose()
    made.end()
  }
  return made
}

function fetchAsReplica(
  request: FetchRequest,
  call: Call<FetchResponseInput>,
  replica: FetchingReplica,
): void {
  const { broker } = call
  // Nobody may fetch as a node that does not exist, or as this one (CVE-2018-1288).
  const isKnown = broker.partitions.image?.brokers.has(replica.id) === true
  if (!isKnown || replica.id === broker.config.nodeId) {
    refuse(call, errorCode.CLUSTER_AUTHORIZATION_FAILED)
    return
  }
  const nowMs = broker.world.clock.monotonicMs()
  const context = broker.fetchSessions.open(request, call.apiVersion, nowMs, replica.id)
  if (context.kind === 'error') {
    refuse(call, context.errorCode)
    return
  }
  const follower = followerSessionOf(call, context, replica)
  const byTopicId = call.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS
  if (context.kind === 'full') follower.update(context.wanted, [], byTopicId)
  else follower.update(context.named, context.forgotten, byTopicId)
  new FollowerFetch(call, request, replica, context.session, follower).read()
}

export const fetchHandler = serve(fetch, (request, call) => {
  const { broker } = call
  const replica = replicaOf(request)
  if (replica !== null) {
    fetchAsReplica(request, call, replica)
    return
  }
  const context = broker.fetchSessions.open(request, call.apiVersion, broker.world.clock.monotonicMs())
  if (context.kind === 'error') refuse(call, context.errorCode)
  else new FetchInFlight(call, request, context).read()
})
