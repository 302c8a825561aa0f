/**
 * Incremental fetch sessions (KIP-227): what each fetcher wants and was told last, so that it need not say
 * everything again and hears only of what changed.
 *
 * Bounded by number; a full cache gives the place of the session that was idle longest, and only after
 * `MIN_EVICTION_MS`; followers' sessions stay, and need not wait for that of a consumer. A fetcher without a session is
 * served all the same, with full requests.
 */
import { errorCode } from '../../protocol/errors.ts'
import type { FetchRequest } from '../../protocol/messages/fetch.ts'
import type { Random } from '../../runtime/random.ts'
import { persistedOffsetOf } from './persisted-offset.ts'

/** One partition that a fetcher wants; `last…` is what it was told, -1 before the first answer. */
export interface WantedPartition {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  currentLeaderEpoch: number
  fetchOffset: bigint
  lastFetchedEpoch: number
  partitionMaxBytes: number
  /** Of a follower: what it has persisted, and where its log begins (-1: not told). */
  persistedOffset: bigint
  logStartOffset: bigint
  lastHighWatermark: bigint
  lastLogStartOffset: bigint
  /** An error or where to cut was told, so the next answer mentions the partition whatever it says. */
  mentionAlways: boolean
}

export interface FetchSession {
  readonly id: number
  readonly usesTopicIds: boolean
  /** The replica that fetches; -1 for a consumer. */
  readonly replicaId: number
  /** Called once when the session is no more. */
  ended: () => void
  epoch: number
  lastUsedMs: number
  /** In the order in which they are served; those that got data go to the end. */
  readonly wanted: Map<string, WantedPartition>
}

/** What a request turns out to want: all of it, or the error that its session is in. */
export type FetchContext =
  | {
      readonly kind: 'full'
      readonly session: FetchSession | null
      readonly wanted: readonly WantedPartition[]
    }
  | {
      readonly kind: 'incremental'
      readonly session: FetchSession
      /** All of the session, in its order. */
      readonly wanted: readonly WantedPartition[]
      /** Those that this request named, as they are wanted now, and those that it forgot. */
      readonly named: readonly WantedPartition[]
      readonly forgotten: readonly WantedPartition[]
    }
  | { readonly kind: 'error'; readonly errorCode: number }

const CONSUMER = -1
const FINAL_EPOCH = -1
const INITIAL_EPOCH = 0
const EPOCH_MAX = 2 ** 31 - 1
const MIN_EVICTION_MS = 120_000
const FIRST_VERSION_WITH_TOPIC_IDS = 13

function keyOf(topic: string, topicId: string, index: number): string {
  return `${topic}\0${topicId}\0${index}`
}

function wantedOf(request: FetchRequest): WantedPartition[] {
  const wanted: WantedPartition[] = []
  for (const topic of request.topics) {
    for (const partition of topic.partitions) {
      wanted.push({
        topic: topic.topic,
        topicId: topic.topicId,
        index: partition.partition,
        currentLeaderEpoch: partition.currentLeaderEpoch,
        fetchOffset: partition.fetchOffset,
        lastFetchedEpoch: partition.lastFetchedEpoch,
        partitionMaxBytes: partition.partitionMaxBytes,
        persistedOffset: persistedOffsetOf(partition._unknownTaggedFields, partition.fetchOffset),
        logStartOffset: partition.logStartOffset,
        lastHighWatermark: -1n,
        lastLogStartOffset: -1n,
        mentionAlways: true,
      })
    }
  }
  return wanted
}

export class FetchSessions {
  readonly #sessions = new Map<number, FetchSession>()
  readonly #random: Random
  readonly #sessionsMax: () => number

  constructor(random: Random, sessionsMax: () => number) {
    this.#random = random
    this.#sessionsMax = sessionsMax
  }

  get size(): number {
    return this.#sessions.size
  }

  /** The session of that id, if it is there. */
  session(id: number): FetchSession | undefined {
    return this.#sessions.get(id)
  }

  /** Finds or makes the session of a request, and brings it up to date; `replicaId` is -1 for a consumer. */
  open(request: FetchRequest, apiVersion: number, nowMs: number, replicaId = CONSUMER): FetchContext {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      this.end(sessionId, replicaId)
      const wanted = wantedOf(request)
      const wantsSession = sessionEpoch === INITIAL_EPOCH && wanted.length > 0
      const session = wantsSession ? this.#create(wanted, apiVersion, nowMs, replicaId) : null
      return { kind: 'full', session, wanted }
    }
    const session = this.#sessions.get(sessionId)
    if (session === undefined || session.replicaId !== replicaId)
      return { kind: 'error', errorCode: errorCode.FETCH_SESSION_ID_NOT_FOUND }
    if (session.epoch !== sessionEpoch)
      return { kind: 'error', errorCode: errorCode.INVALID_FETCH_SESSION_EPOCH }
    if (session.usesTopicIds !== apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS)
      return { kind: 'error', errorCode: errorCode.FETCH_SESSION_TOPIC_ID_ERROR }
    const { named, forgotten } = this.#update(session, request)
    session.epoch = session.epoch === EPOCH_MAX ? 1 : session.epoch + 1
    session.lastUsedMs = nowMs
    return {
      kind: 'incremental',
      session,
      // Followers have no use for it: their sessions know what is worth a look.
      get wanted() {
        return [...session.wanted.values()]
      },
      named,
      forgotten,
    }
  }

  /** Ends a session of that fetcher, if it is there. */
  end(sessionId: number, replicaId: number): void {
    const session = this.#sessions.get(sessionId)
    if (session === undefined || session.replicaId !== replicaId) return
    this.#sessions.delete(sessionId)
    session.ended()
  }

  /** Remembers what a partition was told; one that got data is served last next time, so that none starves. */
  answered(session: FetchSession, wanted: WantedPartition, gotData: boolean): void {
    if (!gotData) return
    const key = keyOf(wanted.topic, wanted.topicId, wanted.index)
    if (session.wanted.size > 1 && session.wanted.delete(key)) session.wanted.set(key, wanted)
  }

  #update(
    session: FetchSession,
    request: FetchRequest,
  ): { named: WantedPartition[]; forgotten: WantedPartition[] } {
    const named: WantedPartition[] = []
    const forgotten: WantedPartition[] = []
    for (const wanted of wantedOf(request)) {
      const key = keyOf(wanted.topic, wanted.topicId, wanted.index)
      const known = session.wanted.get(key)
      named.push(known ?? wanted)
      if (known === undefined) session.wanted.set(key, wanted)
      else {
        // Under another leader epoch a follower may have put aside what it was told: it is told again.
        if (known.currentLeaderEpoch !== wanted.currentLeaderEpoch) {
          known.lastHighWatermark = wanted.lastHighWatermark
          known.lastLogStartOffset = wanted.lastLogStartOffset
        }
        known.persistedOffset = wanted.persistedOffset
        known.logStartOffset = wanted.logStartOffset
        known.currentLeaderEpoch = wanted.currentLeaderEpoch
        known.fetchOffset = wanted.fetchOffset
        known.lastFetchedEpoch = wanted.lastFetchedEpoch
        known.partitionMaxBytes = wanted.partitionMaxBytes
      }
    }
    for (const topic of request.forgottenTopicsData) {
      for (const index of topic.partitions) {
        const key = keyOf(topic.topic, topic.topicId, index)
        const known = session.wanted.get(key)
        if (known === undefined) continue
        session.wanted.delete(key)
        forgotten.push(known)
      }
    }
    if (forgotten.length === 0) return { named, forgotten }
    // As Kafka has it: what a request names and forgets at once is forgotten.
    const gone = new Set(forgotten)
    return { named: named.filter((wanted) => !gone.has(wanted)), forgotten }
  }

  /** null when the cache is full of sessions in use: the fetcher goes on without one. */
  #create(
    wanted: readonly WantedPartition[],
    apiVersion: number,
    nowMs: number,
    replicaId: number,
  ): FetchSession | null {
    if (this.#sessions.size >= this.#sessionsMax() && !this.#evict(nowMs, replicaId)) return null
    let id = 0
    while (id === 0 || this.#sessions.has(id)) id = this.#random.below(EPOCH_MAX)
    const session: FetchSession = {
      id,
      usesTopicIds: apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS,
      replicaId,
      ended: () => {},
      epoch: 1,
      lastUsedMs: nowMs,
      wanted: new Map(
        wanted.map((partition) => [keyOf(partition.topic, partition.topicId, partition.index), partition]),
      ),
    }
    this.#sessions.set(id, session)
    return session
  }

  #evict(nowMs: number, replicaId: number): boolean {
    let oldest: FetchSession | null = null
    for (const session of this.#sessions.values()) {
      if (session.replicaId !== CONSUMER) continue
      if (oldest === null || session.lastUsedMs < oldest.lastUsedMs) oldest = session
    }
    if (oldest === null) return false
    if (replicaId === CONSUMER && nowMs - oldest.lastUsedMs < MIN_EVICTION_MS) return false
    this.end(oldest.id, CONSUMER)
    return true
  }
}
