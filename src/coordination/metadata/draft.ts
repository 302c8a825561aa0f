/**
 * The image in the making while records are applied: a shallow copy whose maps are replaced, and what was touched.
 *
 * Lives only within one call of `apply`; nothing outside it may see a draft.
 */
import type { MetadataImage } from './image.ts'
import type { MetadataRecord } from './record.ts'

export interface Draft {
  image: MetadataImage
  /** Records of the open transaction; null when none is open. */
  open: MetadataRecord[] | null
  /** Topic ids. */
  readonly topics: Set<string>
  /** Partition numbers by topic id. */
  readonly partitions: Map<string, Set<number>>
  readonly brokers: Set<number>
  /** Keys of `configResourceKey`. */
  readonly configs: Set<string>
  readonly features: Set<string>
  readonly quotas: Set<string>
}

/** A draft of the image that follows `image`. */
export function draftOf(image: MetadataImage): Draft {
  return {
    image,
    open: image.openTransaction === null ? null : [...image.openTransaction],
    topics: new Set(),
    partitions: new Map(),
    brokers: new Set(),
    configs: new Set(),
    features: new Set(),
    quotas: new Set(),
  }
}

/** Notes that a partition changed. */
export function touchPartition(draft: Draft, topicId: string, partition: number): void {
  const touched = draft.partitions.get(topicId)
  if (touched === undefined) draft.partitions.set(topicId, new Set([partition]))
  else touched.add(partition)
}
