/**
 * A consumer that reads a topic from its beginning as it grows, and notes every record that it is shown.
 *
 * Nothing is ever deleted there, so it goes on where it was even when it is told that this is out of range, and notes it.
 */
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { type FetchedPartition, Fetcher } from '../../client/fetcher.ts'
import type { History } from '../history.ts'
import { labelOf } from './numbered-writer.ts'

const PAUSE_MS = 20
const MAX_WAIT_MS = 200

export class TailReader {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #name: string
  readonly #topic: string
  readonly #partitions: number

  constructor(cluster: Cluster, history: History, name: string, topic: string, partitions: number) {
    this.#cluster = cluster
    this.#history = history
    this.#name = name
    this.#topic = topic
    this.#partitions = partitions
  }

  /** Reads until that is over. */
  async run(isOver: () => boolean): Promise<void> {
    const fetcher = new Fetcher(this.#cluster, {
      maxWaitMs: MAX_WAIT_MS,
      minBytes: 1,
      maxBytes: 1024 ** 2,
      maxBytesPerPartition: 64 * 1024,
      readCommitted: false,
      resetTo: null,
    })
    const indexes = Array.from({ length: this.#partitions }, (_, partition) => partition)
    fetcher.assign(indexes.map((partition) => ({ topic: this.#topic, partition, offset: 0 })))
    while (!isOver()) {
      try {
        for (const fetched of await fetcher.poll()) this.#note(fetched)
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        if (error.code === 'OFFSET_OUT_OF_RANGE')
          this.#history.lostPositions.push({ reader: this.#name, told: error.message })
        await this.#cluster.pause(PAUSE_MS)
      }
    }
  }

  #note({ topic, partition, records, highWatermark }: FetchedPartition): void {
    const reader = this.#name
    const atMs = this.#cluster.world.clock.monotonicMs()
    for (const { offset, value } of records)
      this.#history.reads.push({
        reader,
        topic,
        partition,
        offset,
        label: labelOf(value),
        atMs,
        highWatermark,
      })
  }
}
