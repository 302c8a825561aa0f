/**
 * Who wants to know what of a partition: clients that wait for more to read, replicas that copy it, and the one that
 * copies into it.
 *
 * They are told at the moment of the change and must not throw; none of them decides anything about the partition.
 */
import type { Partition } from './partition.ts'

/** Somebody who wants to know that there may be more to read: the high watermark, the log start, or the leader moved. */
export interface PartitionWatcher {
  partitionAdvanced(partition: Partition): void
}

/** A follower's fetch, or its session, at the leader. */
export interface ReplicaWatcher {
  /** There is more to copy: the log has grown. */
  partitionGrew(partition: Partition): void
  /** The high watermark or the log start moved, which the follower should hear of soon. */
  marksMoved(partition: Partition): void
  /** Another leader epoch, another assignment, or the end of it: what follows must be looked at anew. */
  partitionChanged(partition: Partition): void
}

/** What keeps a followed partition's log going; one at a time. */
export interface PartitionCopier {
  /** More of the log is persisted than before. */
  persistedMoved(): void
  /** What was appended could not be written and is gone from the log again. */
  appendTakenBack(): void
  /** The log's directory failed for good. */
  logOffline(): void
}
