/**
 * A topic of numbered records as it was read so far, and the judge of what it holds now.
 *
 * Each look reads what came since the last one and hands it to the writers, who know what was acknowledged; `readAgain`
 * holds the topic to everything that was ever read from it. Offsets have no gaps here: nothing compacts or expires.
 */
import type { Cluster } from '../../src/client/cluster.ts'
import { labelOf, type NumberedWriter, parseNumbered } from './numbered-writer.ts'
import { readPartition } from './read-partition.ts'

export class WrittenTopic {
  readonly name: string
  /** May still grow. */
  readonly #writers: readonly NumberedWriter[]
  /** By partition, by offset. */
  readonly #labels: readonly string[][]

  constructor(name: string, partitions: number, writers: readonly NumberedWriter[]) {
    this.name = name
    this.#writers = writers
    this.#labels = Array.from({ length: partitions }, () => [])
  }

  get partitions(): number {
    return this.#labels.length
  }

  /** What was read there; undefined beyond what was read. */
  labelAt(partition: number, offset: number): string | undefined {
    return this.#labels[partition]?.[offset]
  }

  endOf(partition: number): number {
    return this.#labels[partition]?.length ?? 0
  }

  /** Reads on to the present end, while nothing is under way, and judges every writer. */
  async compare(cluster: Cluster, violations: string[]): Promise<void> {
    const writers = new Map(this.#writers.map((writer) => [writer.name, writer]))
    for (const [partition, labels] of this.#labels.entries()) {
      const before = labels.length
      const end = await readPartition(cluster, this.name, partition, before, (value) => {
        labels.push(labelOf(value))
        const parsed = parseNumbered(value)
        const writer = writers.get(parsed?.name ?? '')
        if (parsed === null || writer === undefined || writer.partition !== partition)
          violations.push(`${this.name}-${partition} holds what nobody sent to it: ${labels.at(-1)}`)
        else writer.saw(parsed.number, violations)
      })
      if (end < before) violations.push(`${this.name}-${partition} ended at ${before}, now at ${end}`)
      if (end !== labels.length)
        violations.push(`${this.name}-${partition} ends at ${end} with ${labels.length} records`)
    }
    for (const writer of this.#writers) writer.judge(violations)
  }

  /** Compares the whole topic with all that was ever read. */
  async readAgain(cluster: Cluster, violations: string[]): Promise<void> {
    for (const [partition, labels] of this.#labels.entries()) {
      let offset = 0
      let isSame = true
      await readPartition(cluster, this.name, partition, 0, (value) => {
        if (labels[offset++] !== labelOf(value)) isSame = false
      })
      if (!isSame || offset !== labels.length)
        violations.push(`${this.name}-${partition} does not hold any more what was read from it before`)
    }
  }
}
