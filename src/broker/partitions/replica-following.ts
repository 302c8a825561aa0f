/**
 * What the partition registry tells of partitions that this node follows; the replica fetchers fill it.
 *
 * The registry says who leads; the follower decides what to fetch and where to cut. Calls come while a metadata
 * image is being followed, in the order of its changes.
 */
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import type { Partition } from './partition.ts'

export interface ReplicaFollowing {
  /** This node follows `leader` in that epoch; -1 while nobody leads. Takes the place of what was told before. */
  follow(partition: Partition, leader: number, leaderEpoch: number): void
  /** This node does not follow the partition any more: it leads it now, or the replica is gone. */
  unfollow(partition: Partition): void
  /** The image was followed: addresses of leaders may be others now, what was told above may begin. */
  followed(image: MetadataImage): void
}

/** For a node that follows nobody: a cluster of one, and tests. */
export const noFollowing: ReplicaFollowing = {
  follow() {},
  unfollow() {},
  followed() {},
}
