/**
 * How many brokers and partitions of each kind an image has: counted once for an image, when somebody asks.
 *
 * Images never change, so nothing needs to be kept up to date on the way.
 */
import type { MetadataImage, PartitionImage } from '../../coordination/metadata/image.ts'

export interface Counts {
  readonly activeBrokers: number
  readonly fencedBrokers: number
  readonly leavingBrokers: number
  readonly partitions: number
  /** Without a leader. */
  readonly offline: number
  /** Not led by their first replica, those without a leader included. */
  readonly imbalanced: number
  /** Led by the node that counts, while their replicas are being moved. */
  readonly reassigningHere: number
}

export class ClusterCounts {
  readonly #nodeId: number
  readonly #image: () => MetadataImage
  #counted: { readonly image: MetadataImage; readonly counts: Counts } | null = null

  constructor(nodeId: number, image: () => MetadataImage) {
    this.#nodeId = nodeId
    this.#image = image
  }

  get counts(): Counts {
    const image = this.#image()
    if (this.#counted?.image !== image) this.#counted = { image, counts: this.#count(image) }
    return this.#counted.counts
  }

  #count(image: MetadataImage): Counts {
    const brokers = [...image.brokers.values()]
    const partitions = [...image.topics.values()].flatMap((topic) => [...topic.partitions.values()])
    const having = (has: (partition: PartitionImage) => boolean): number => partitions.filter(has).length
    return {
      activeBrokers: brokers.filter(({ fenced }) => !fenced).length,
      fencedBrokers: brokers.filter(({ fenced }) => fenced).length,
      leavingBrokers: brokers.filter(({ inControlledShutdown }) => inControlledShutdown).length,
      partitions: partitions.length,
      offline: having(({ leader }) => leader < 0),
      imbalanced: having(({ leader, replicas }) => leader !== replicas[0]),
      reassigningHere: having(
        ({ leader, addingReplicas, removingReplicas }) =>
          leader === this.#nodeId && addingReplicas.length + removingReplicas.length > 0,
      ),
    }
  }
}
