/**
 * Copies all partitions that one leader leads for us: one fetch after the other over one connection, every partition in
 * each, as a long poll while there is nothing to copy.
 *
 * An answer is appended and the next request leaves without waiting for a sync: what is fetched and what is persisted
 * are two positions, and the leader is told both. A small answer is the exception: its sync is waited for a moment, so
 * that the one request which follows brings the news that acknowledges it. Errors of a partition stop that partition
 * only; errors of the connection are tried again, ever more slowly. It decides nothing of logs or epochs.
 */
import { errorCode } from '../../protocol/errors.ts'
import { apiVersions } from '../../protocol/messages/api-versions.ts'
import { type FetchResponse, fetch } from '../../protocol/messages/fetch.ts'
import type { Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import { RecurringSet } from '../../runtime/recurring-set.ts'
import { tellOrder } from '../fetch/fetch-order.ts'
import type { SlabPool } from '../network/slab-pool.ts'
import type { FetcherEnvironment } from './fetcher-environment.ts'
import type { FollowedPartition } from './followed-partition.ts'
import { type AnswerMemory, LeaderConnection } from './leader-connection.ts'
import { askLeaderOffsets } from './leader-offsets.ts'
import { LeaderSession } from './leader-session.ts'
import type { ReplicationMetrics } from './replication-metrics.ts'
import type { ReplicationThrottle } from './replication-throttle.ts'

/** Where a leader is to be found, and which life of it. */
export interface LeaderEndpoint {
  readonly host: string
  readonly port: number
  readonly brokerEpoch: bigint
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

/** `idle` has nothing to ask; `held` waits for a sync; `parted` for the leader to be reachable. */
type State = 'idle' | 'connecting' | 'asking' | 'held' | 'parted' | 'stopped'

const FIRST_VERSION_WITH_REPLICA_STATE = 15
const NO_RECORDS = Buffer.alloc(0)

export class ReplicaFetcher {
  readonly leader: number
  readonly #environment: FetcherEnvironment
  readonly #metrics: ReplicationMetrics
  readonly #clientId: string
  readonly #partitions = new Map<string, FollowedPartition>()
  /** Those whose records may be asked for. */
  readonly #fetchable = new Set<FollowedPartition>()
  /** Those that may stand elsewhere than the leader was told. */
  readonly #changed = new RecurringSet<FollowedPartition>()
  /** Those that have to know where the leader's log begins and ends. */
  readonly #asking = new Set<FollowedPartition>()
  readonly #unpersisted = new RecurringSet<FollowedPartition>()
  readonly #backingOff = new Map<FollowedPartition, number>()
  readonly #throttle: ReplicationThrottle
  readonly #slabs: SlabPool
  readonly #nextOrder: () => number
  #throttleTimer: Timer | null = null
  readonly #session = new LeaderSession()
  #state: State = 'idle'
  #endpoint: LeaderEndpoint | null = null
  #connection: LeaderConnection | null = null
  /** Counts connections: what an older one still says is not heard. */
  #life = 0
  #wait: Timer | null = null
  #backOffTimer: Timer | null = null
  #failures = 0
  #isParked = false
  #isTakingIn = false
  #pumpScheduled = false

  constructor(
    leader: number,
    slot: number,
    environment: FetcherEnvironment,
    metrics: ReplicationMetrics,
    throttle: ReplicationThrottle,
    slabs: SlabPool,
    nextOrder: () => number,
  ) {
    this.leader = leader
    this.#throttle = throttle
    this.#slabs = slabs
    this.#nextOrder = nextOrder
    this.#environment = environment
    this.#metrics = metrics
    this.#clientId = `broker-${environment.nodeId}-fetcher-${slot}`
  }

  get size(): number {
    return this.#partitions.size
  }

  /** Copies this partition too, from the next request on, for which a parked one makes way. */
  add(followed: FollowedPartition): void {
    this.#partitions.set(keyOf(followed.partition.topicId, followed.partition.index), followed)
    if (!followed.isPersisted) this.#unpersisted.add(followed)
    this.wishChanged(followed)
  }

  remove(followed: FollowedPartition): void {
    this.#partitions.delete(keyOf(followed.partition.topicId, followed.partition.index))
    this.#fetchable.delete(followed)
    this.#changed.forget(followed)
    this.#asking.delete(followed)
    this.#unpersisted.forget(followed)
    this.#backingOff.delete(followed)
  }

  /** Where the leader is now; null while nobody knows. Another life of it is another connection. */
  setEndpoint(endpoint: LeaderEndpoint | null): void {
    const known = this.#endpoint
    const isSame =
      known?.host === endpoint?.host &&
      known?.port === endpoint?.port &&
      known?.brokerEpoch === endpoint?.brokerEpoch
    if (!isSame) {
      this.#endpoint = endpoint
      this.#failures = 0
      this.#disconnect()
    }
    this.#schedulePump()
  }

  wishChanged(followed: FollowedPartition): void {
    const { wants } = followed
    if (wants === 'records') this.#fetchable.add(followed)
    else this.#fetchable.delete(followed)
    if (wants === 'offsets') this.#asking.add(followed)
    else this.#asking.delete(followed)
    if (wants === 'nothing') {
      this.#unpersisted.delete(followed)
      return
    }
    if (!followed.isPersisted) this.#unpersisted.add(followed)
    this.#backingOff.delete(followed)
    this.#changed.add(followed)
    // What an answer changes goes with the next request, which is about to be considered anyway.
    if (this.#isTakingIn) return
    if (this.#isParked) this.#nudge()
    this.#schedulePump()
  }

  backedOff(followed: FollowedPartition, untilMs: number): void {
    this.wishChanged(followed)
    this.#backingOff.set(followed, untilMs)
    this.#armBackOff()
  }

  persistedMoved(followed: FollowedPartition): void {
    if (!this.#partitions.has(keyOf(followed.partition.topicId, followed.partition.index))) return
    this.#changed.add(followed)
    // A part of what was copied, or a write alone, is no news that would acknowledge anything.
    if (!followed.isPersisted) return
    this.#unpersisted.delete(followed)
    if (this.#state === 'held') this.#schedulePump()
  }

  /** Asks nothing any more. */
  stop(): void {
    this.#disconnect()
    this.#state = 'stopped'
    this.#backOffTimer?.cancel()
    this.#throttleTimer?.cancel()
  }

  #disconnect(): void {
    this.#life++
    this.#wait?.cancel()
    this.#connection?.close()
    this.#connection = null
    this.#session.reset()
    this.#isParked = false
    if (this.#state !== 'stopped') this.#state = 'idle'
  }

  #schedulePump(): void {
    if (this.#pumpScheduled) return
    this.#pumpScheduled = true
    this.#environment.world.clock.endOfTurn(() => {
      this.#pumpScheduled = false
      if (this.#state === 'held') this.#release()
      else this.#pump()
    })
  }

  /** Sends the next request if none is under way. */
  #pump(): void {
    if (this.#state !== 'idle' || this.#endpoint === null) return
    if (this.#asking.size === 0 && this.#fetchableNow().size === 0) return
    if (this.#environment.brokerEpoch() < 0n) {
      // Nothing tells of the registration; it is a matter of moments.
      this.#part(limits.leaderRetryMsMin)
      return
    }
    const connection = this.#connection
    const life = this.#life
    const fail = (error: unknown): void => this.#failed(life, error)
    if (connection === null) {
      this.#state = 'connecting'
      this.#connect(life, this.#endpoint).then(() => this.#schedulePump(), fail)
      return
    }
    this.#state = 'asking'
    this.#ask(connection, life).then((answeredBytes) => this.#asked(life, answeredBytes), fail)
  }

  async #connect(life: number, { host, port }: LeaderEndpoint): Promise<void> {
    const timeoutMs = this.#environment.settings.number('replica.socket.timeout.ms')
    const options = {
      clientId: this.#clientId,
      connectTimeoutMs: Math.min(limits.leaderConnectMs, timeoutMs),
      // One that is only slow is given ever more time, or it would have ever more to do.
      patienceMs: Math.min(timeoutMs, limits.leaderPatienceMsMin * 2 ** this.#failures),
    }
    const { world } = this.#environment
    const connection = await LeaderConnection.open(world, this.#slabs, host, port, options)
    if (life !== this.#life) {
      connection.close()
      return
    }
    const version = connection.versionOf(fetch)
    if (version === null || version < FIRST_VERSION_WITH_REPLICA_STATE) {
      connection.close()
      throw new Error(`broker ${this.leader} serves no fetch that tells a replica's state`)
    }
    this.#connection = connection
    this.#environment.leaderDoubts.end(this.leader)
    this.#state = 'idle'
  }

  /** One round: who lost touch with the leader's log first, then everybody's records. Answers their bytes. */
  async #ask(connection: LeaderConnection, life: number): Promise<number> {
    const { settings, nodeId, brokerEpoch } = this.#environment
    if (this.#asking.size > 0) {
      await askLeaderOffsets(connection, nodeId, [...this.#asking])
      if (life !== this.#life) return 0
    }
    const fetchable = this.#fetchableNow()
    if (fetchable.size === 0) return 0
    const partitionBytesMax = settings.number('replica.fetch.max.bytes')
    const request = this.#session.request(fetchable, this.#changed, partitionBytesMax)
    this.#changed.clear()
    const waitsForSync = request.hasUnpersisted || this.#unpersisted.size > 0
    const maxWaitMs = waitsForSync ? 0 : settings.number('replica.fetch.wait.max.ms')
    this.#metrics.requests.add()
    this.#isParked = maxWaitMs > 0
    const { hasUnpersisted: _, ...session } = request
    const body = {
      replicaState: { replicaId: nodeId, replicaEpoch: brokerEpoch() },
      maxWaitMs,
      minBytes: settings.number('replica.fetch.min.bytes'),
      maxBytes: settings.number('replica.fetch.response.max.bytes'),
      isolationLevel: 0,
      ...session,
      _unknownTaggedFields: tellOrder(this.#nextOrder()),
    }
    const take = (answer: FetchResponse, memory: AnswerMemory): number => {
      if (life !== this.#life) return 0
      this.#isParked = false
      this.#failures = 0
      this.#isTakingIn = true
      try {
        return this.#answered(answer, memory)
      } finally {
        this.#isTakingIn = false
      }
    }
    return connection.request(fetch, body, take, maxWaitMs)
  }

  /** All that may be fetched but what a throttle holds; that comes back when the rate allows. */
  #fetchableNow(): ReadonlySet<FollowedPartition> {
    const { freeInMs } = this.#throttle
    if (freeInMs === 0) return this.#fetchable
    const { nodeId, world } = this.#environment
    const held = [...this.#fetchable].filter(({ partition }) => this.#throttle.mustWait(partition, nodeId))
    if (held.length === 0) return this.#fetchable
    this.#throttleTimer?.cancel()
    this.#throttleTimer = world.clock.schedule(freeInMs, () => {
      for (const followed of held) if (this.#fetchable.has(followed)) this.wishChanged(followed)
    })
    const rest = new Set(this.#fetchable)
    for (const followed of held) rest.delete(followed)
    return rest
  }

  #answered(answer: FetchResponse, memory: AnswerMemory): number {
    switch (answer.errorCode) {
      case 0:
        break
      case errorCode.FETCH_SESSION_ID_NOT_FOUND:
      case errorCode.INVALID_FETCH_SESSION_EPOCH:
      case errorCode.FETCH_SESSION_TOPIC_ID_ERROR:
        this.#session.reset()
        return 0
      default:
        throw new Error(`broker ${this.leader} answered a fetch with error ${answer.errorCode}`)
    }
    let answeredBytes = 0
    for (const topic of answer.responses)
      for (const part of topic.partitions) {
        answeredBytes += part.records?.length ?? 0
        const followed = this.#partitions.get(keyOf(topic.topicId, part.partitionIndex))
        if (followed === undefined) continue
        this.#throttle.copied(followed.partition, this.#environment.nodeId, part.records?.length ?? 0)
        this.#takeIn(followed, part, memory)
      }
    this.#session.answered(answer.sessionId)
    return answeredBytes
  }

  #takeIn(followed: FollowedPartition, part: PartitionAnswer, memory: AnswerMemory): void {
    const sent = this.#session.toldOf(followed)
    if (sent === undefined) return
    const { epoch, endOffset } = part.divergingEpoch
    followed.answered(
      sent,
      {
        errorCode: part.errorCode,
        highWatermark: Number(part.highWatermark),
        knowsCommitted: part.lastStableOffset >= 0n,
        logStartOffset: Number(part.logStartOffset),
        divergingEpoch: endOffset < 0n ? null : { epoch, endOffset: Number(endOffset) },
        hasRecords: part.records !== null && part.records.length > 0,
      },
      part.records ?? NO_RECORDS,
      memory,
    )
    if (!followed.isPersisted) this.#unpersisted.add(followed)
    if (followed.wants !== 'records') this.wishChanged(followed)
    else if (
      followed.position.fetchOffset !== sent.fetchOffset ||
      followed.position.logStartOffset !== sent.logStartOffset
    )
      this.#changed.add(followed)
  }

  #asked(life: number, answeredBytes: number): void {
    if (life !== this.#life) return
    this.#state = 'idle'
    if (this.#unpersisted.size === 0 || answeredBytes >= limits.followerPipelineBytesMin) {
      this.#schedulePump()
      return
    }
    this.#state = 'held'
    this.#wait = this.#environment.world.clock.schedule(limits.followerHoldMsMax, () => this.#release())
  }

  #release(): void {
    if (this.#state !== 'held') return
    this.#wait?.cancel()
    this.#state = 'idle'
    this.#pump()
  }

  /** A request behind a parked fetch makes the leader answer that at once. */
  #nudge(): void {
    this.#isParked = false
    const life = this.#life
    this.#connection?.request(apiVersions, {}, () => {}).catch((error: unknown) => this.#failed(life, error))
  }

  #failed(life: number, error: unknown): void {
    if (life !== this.#life || this.#state === 'stopped') return
    const { log } = this.#environment.world
    if (this.#connection !== null) this.#environment.leaderDoubts.begin(this.leader)
    this.#disconnect()
    this.#metrics.failedRequests.add()
    const waitMs = Math.min(limits.leaderRetryMsMax, limits.leaderRetryMsMin * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 30)
    log.info('a leader does not answer a fetch', {
      leader: this.leader,
      error: error instanceof Error ? error.message : String(error),
      waitMs,
    })
    this.#part(waitMs)
  }

  #part(waitMs: number): void {
    this.#state = 'parted'
    this.#wait = this.#environment.world.clock.schedule(waitMs, () => {
      if (this.#state !== 'parted') return
      this.#state = 'idle'
      this.#pump()
    })
  }

  #armBackOff(): void {
    this.#backOffTimer?.cancel()
    this.#backOffTimer = null
    if (this.#backingOff.size === 0) return
    const { clock } = this.#environment.world
    const dueMs = Math.min(...this.#backingOff.values())
    this.#backOffTimer = clock.schedule(Math.max(0, dueMs - clock.monotonicMs()), () => {
      const nowMs = clock.monotonicMs()
      for (const [followed, untilMs] of [...this.#backingOff]) {
        if (untilMs > nowMs) continue
        this.#backingOff.delete(followed)
        followed.tick(nowMs)
      }
      this.#armBackOff()
    })
  }
}

function keyOf(topicId: string, index: number): string {
  return `${topicId}\0${index}`
}
