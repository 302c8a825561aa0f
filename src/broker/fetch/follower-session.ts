/**
 * What the leader keeps of one follower's fetch session: which partitions are worth a look for its next answer.
 *
 * A fetch of a thousand quiet partitions must cost nothing for each of them, so the session watches its partitions for
 * as long as it lives and looks only at those that were named, have grown, or have news. It reads nothing itself.
 */
import { RecurringSet } from '../../runtime/recurring-set.ts'
import type { Partition } from '../partitions/partition.ts'
import type { PartitionRegistry } from '../partitions/partition-registry.ts'
import type { ReplicaWatcher } from '../partitions/partition-watchers.ts'
import type { WantedPartition } from './fetch-sessions.ts'
import type { FetchedPart } from './partition-fetch.ts'

/** A fetch of this session that waits for something to tell. */
export interface ParkedFollowerFetch {
  /** There are records, or something that must not wait. */
  wake(): void
  /** A high watermark or a log start moved: worth an answer soon. */
  newsSoon(): void
}

export class FollowerSession implements ReplicaWatcher {
  readonly #registry: PartitionRegistry
  readonly #watched = new Map<Partition, WantedPartition>()
  readonly #partitionOf = new Map<WantedPartition, Partition>()
  /** Worth a look, in the order in which they are served. */
  readonly #worthALook = new RecurringSet<WantedPartition>()
  /** Named by the request under way: their positions are news. */
  readonly #named = new RecurringSet<WantedPartition>()
  #parked: ParkedFollowerFetch | null = null

  constructor(registry: PartitionRegistry) {
    this.#registry = registry
  }

  /** What the next answer has to look at. */
  get worthALook(): readonly WantedPartition[] {
    return [...this.#worthALook]
  }

  /** A request named these, and forgot those. */
  update(named: readonly WantedPartition[], forgotten: readonly WantedPartition[], byTopicId: boolean): void {
    for (const wanted of forgotten) this.#forget(wanted)
    for (const wanted of named) {
      this.#named.add(wanted)
      this.#worthALook.add(wanted)
      this.#watch(wanted, byTopicId)
    }
  }

  /** Whether the request under way told the position of that partition; once. */
  takeNamed(wanted: WantedPartition): boolean {
    return this.#named.delete(wanted)
  }

  /** That fetch waits now; null: none does. */
  park(parked: ParkedFollowerFetch | null): void {
    this.#parked = parked
  }

  /** These were looked at and nothing was told: who has no news rests until it has. */
  lookedAt(parts: readonly FetchedPart[], hasNews: (part: FetchedPart) => boolean): void {
    for (const part of parts) if (!hasNews(part)) this.#rest(part)
  }

  /** These were told: whatever has more to copy goes to the end of the queue, so that none starves. */
  told(parts: readonly FetchedPart[]): void {
    for (const part of parts) {
      const isDone =
        part.sizeBytes === 0 && !part.isCut && part.errorCode === 0 && part.divergingEpoch === null
      if (isDone) this.#rest(part)
      else if (this.#worthALook.delete(part.wanted)) this.#worthALook.add(part.wanted)
    }
  }

  /** The session is over. */
  end(): void {
    for (const partition of this.#watched.keys()) partition.unwatchAsReplica(this)
    this.#watched.clear()
    this.#partitionOf.clear()
    this.#worthALook.clear()
    this.#named.clear()
    this.#parked = null
  }

  partitionGrew(partition: Partition): void {
    this.#look(partition)
    this.#parked?.wake()
  }

  marksMoved(partition: Partition): void {
    this.#look(partition)
    this.#parked?.newsSoon()
  }

  partitionChanged(partition: Partition): void {
    this.#look(partition)
    this.#parked?.wake()
  }

  #look(partition: Partition): void {
    const wanted = this.#watched.get(partition)
    if (wanted !== undefined) this.#worthALook.add(wanted)
  }

  /** Not while it has grown since it was read. */
  #rest({ wanted, partition }: FetchedPart): void {
    const hasGrown = partition?.isLeader === true && partition.log.writtenOffset > Number(wanted.fetchOffset)
    if (!hasGrown) this.#worthALook.delete(wanted)
  }

  #watch(wanted: WantedPartition, byTopicId: boolean): void {
    const found = byTopicId
      ? this.#registry.byTopicId(wanted.topicId, wanted.index)
      : this.#registry.byName(wanted.topic, wanted.index)
    const known = this.#partitionOf.get(wanted)
    if (known === found) return
    if (known !== undefined) this.#unwatch(known)
    if (typeof found === 'number') return
    this.#partitionOf.set(wanted, found)
    this.#watched.set(found, wanted)
    found.watchAsReplica(this)
  }

  #unwatch(partition: Partition): void {
    const wanted = this.#watched.get(partition)
    partition.unwatchAsReplica(this)
    this.#watched.delete(partition)
    if (wanted !== undefined) this.#partitionOf.delete(wanted)
  }

  #forget(wanted: WantedPartition): void {
    const partition = this.#partitionOf.get(wanted)
    if (partition !== undefined) this.#unwatch(partition)
    this.#worthALook.forget(wanted)
    this.#named.forget(wanted)
  }
}
