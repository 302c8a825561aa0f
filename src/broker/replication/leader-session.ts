/**
 * A follower's side of an incremental fetch session with one leader (KIP-227): what the leader already knows, so that a
 * request names only partitions whose position changed.
 *
 * Any doubt begins a new session with a full request. It sends nothing itself.
 */
import type { FetchRequestInput } from '../../protocol/messages/fetch.ts'
import { tellPersisted } from '../fetch/persisted-offset.ts'
import type { FollowedPartition, FollowerPosition } from './followed-partition.ts'

type Topics = FetchRequestInput['topics']
type ForgottenTopics = FetchRequestInput['forgottenTopicsData']

/** The part of a fetch request that a session decides. */
export interface SessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly topics: Topics
  readonly forgottenTopicsData: ForgottenTopics
  /** Some partition fetches on before what it has is persisted. */
  readonly hasUnpersisted: boolean
}

const NO_SESSION = 0
const FULL_EPOCH = 0
const EPOCH_MAX = 2 ** 31 - 1

function byTopic<T>(
  partitions: Iterable<FollowedPartition>,
  describe: (followed: FollowedPartition) => T,
): { topicId: string; partitions: T[] }[] {
  const topics = new Map<string, { topicId: string; partitions: T[] }>()
  for (const followed of partitions) {
    const { topicId } = followed.partition
    let topic = topics.get(topicId)
    if (topic === undefined) topics.set(topicId, (topic = { topicId, partitions: [] }))
    topic.partitions.push(describe(followed))
  }
  return [...topics.values()]
}

/** What the leader knows a replica by. */
function nameOf({ partition: { topicId, index } }: FollowedPartition): string {
  return `${topicId} ${index}`
}

export class LeaderSession {
  #id = NO_SESSION
  #epoch = FULL_EPOCH
  /** Partitions that the leader knows, and the position that it was told last. */
  readonly #told = new Map<FollowedPartition, FollowerPosition>()

  /** What the leader was told of a partition; undefined when it was not asked for it. */
  toldOf(followed: FollowedPartition): FollowerPosition | undefined {
    return this.#told.get(followed)
  }

  /** Begins anew with the next request: the connection is another one, or the leader has forgotten. */
  reset(): void {
    this.#id = NO_SESSION
    this.#epoch = FULL_EPOCH
    this.#told.clear()
  }

  /** The next request, for all of `fetchable`, of which `changed` may stand elsewhere than the leader was told. */
  request(
    fetchable: ReadonlySet<FollowedPartition>,
    changed: Iterable<FollowedPartition>,
    partitionBytesMax: number,
  ): SessionRequest {
    const isFull = this.#id === NO_SESSION
    if (isFull) this.#told.clear()
    const mentioned: FollowedPartition[] = []
    for (const followed of isFull ? fetchable : changed) if (fetchable.has(followed)) mentioned.push(followed)
    const gone: FollowedPartition[] = []
    for (const followed of this.#told.keys()) if (!fetchable.has(followed)) gone.push(followed)
    for (const followed of gone) this.#told.delete(followed)
    // A replica that went and came back is one and the same to the leader, who would forget it after all.
    const named = gone.length === 0 ? null : new Set(mentioned.map(nameOf))
    const forgotten = gone.filter((followed) => named?.has(nameOf(followed)) === false)
    let hasUnpersisted = false
    const topics = byTopic(mentioned, (followed) => {
      const { position } = followed
      this.#told.set(followed, position)
      if (position.persistedOffset < position.fetchOffset) hasUnpersisted = true
      return fetchedPartition(followed, position, partitionBytesMax)
    })
    return {
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      topics,
      forgottenTopicsData: byTopic(forgotten, (followed) => followed.partition.index),
      hasUnpersisted,
    }
  }

  /** The leader has answered without an error; 0: it keeps no session for us. */
  answered(sessionId: number): void {
    if (sessionId === NO_SESSION) {
      this.#id = NO_SESSION
      this.#epoch = FULL_EPOCH
      return
    }
    this.#id = sessionId
    this.#epoch = this.#epoch === EPOCH_MAX ? 1 : this.#epoch + 1
  }
}

function fetchedPartition(
  followed: FollowedPartition,
  position: FollowerPosition,
  partitionBytesMax: number,
): Topics[number]['partitions'][number] {
  return {
    partition: followed.partition.index,
    currentLeaderEpoch: position.leaderEpoch,
    fetchOffset: BigInt(position.fetchOffset),
    lastFetchedEpoch: position.lastFetchedEpoch,
    logStartOffset: BigInt(position.logStartOffset),
    partitionMaxBytes: partitionBytesMax,
    _unknownTaggedFields: tellPersisted(position.persistedOffset, position.fetchOffset),
  }
}
