/**
 * Which replicas of what are ruined: a fault that destroys what was acknowledged may strike only where good copies are left.
 *
 * Of each partition at most `ruinsMax` replicas are ever ruined, and at most `wipesMax` nodes ever lose their disk, which
 * ruins a voter of the quorum too; what was ruined stays so for the atlas, whether or not the cluster has mended it. The
 * idea is TigerBeetle's.
 */
import type { ClusterSize } from '../cluster-size.ts'

export class FaultAtlas {
  readonly #ruinsMax: number
  readonly #wipesMax: number
  /** Nodes by partition. */
  readonly #ruined = new Map<string, Set<number>>()
  /** Nodes that lost everything. */
  readonly #wiped = new Set<number>()

  constructor({ ruinsMax, wipesMax }: Pick<ClusterSize, 'ruinsMax' | 'wipesMax'>) {
    this.#ruinsMax = ruinsMax
    this.#wipesMax = wipesMax
  }

  /** Whether that node's replica of the partition may be ruined; it counts as ruined from now on. */
  ruins(nodeId: number, partition: string): boolean {
    if (this.#without(nodeId, partition) >= this.#ruinsMax) return false
    const nodes = this.#ruined.get(partition) ?? new Set()
    this.#ruined.set(partition, nodes.add(nodeId))
    return true
  }

  /** Whether all that the node has may be ruined; it counts as ruined from now on. */
  wipes(nodeId: number): boolean {
    if (!this.#wiped.has(nodeId) && this.#wiped.size >= this.#wipesMax) return false
    const partitions = ['', ...this.#ruined.keys()]
    if (partitions.some((partition) => this.#without(nodeId, partition) >= this.#ruinsMax)) return false
    this.#wiped.add(nodeId)
    return true
  }

  /** How many others have no good copy. */
  #without(nodeId: number, partition: string): number {
    const nodes = new Set([...this.#wiped, ...(this.#ruined.get(partition) ?? [])])
    nodes.delete(nodeId)
    return nodes.size
  }
}
