/**
 * A consumer that reads a topic from its beginning as it grows, and notes every record that it is shown.
 *
 * Where nothing is ever deleted it goes on where it was even when it is told that this is out of range, and notes it.
 */
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { type EARLIEST, type FetchedPartition, Fetcher } from '../../client/fetcher.ts'
import type { History } from '../history.ts'
import { labelOf } from './numbered-writer.ts'

const PAUSE_MS = 20
const MAX_WAIT_MS = 200

export interface ReaderOptions {
  readonly name: string
  readonly topic: string
  readonly partitions: number
  /** Where it goes on when what it was to read is deleted; null where nothing is. */
  readonly resetTo: typeof EARLIEST | null
}

export class TailReader {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #options: ReaderOptions

  constructor(cluster: Cluster, history: History, options: ReaderOptions) {
    this.#cluster = cluster
    this.#history = history
    this.#options = options
  }

  /** Reads until that is over. */
  async run(isOver: () => boolean): Promise<void> {
    const { name, topic, partitions, resetTo } = this.#options
    const fetcher = new Fetcher(this.#cluster, {
      maxWaitMs: MAX_WAIT_MS,
      minBytes: 1,
      maxBytes: 1024 ** 2,
      maxBytesPerPartition: 64 * 1024,
      readCommitted: false,
      resetTo,
    })
    const indexes = Array.from({ length: partitions }, (_, partition) => partition)
    fetcher.assign(indexes.map((partition) => ({ topic, partition, offset: 0 })))
    while (!isOver()) {
      try {
        for (const fetched of await fetcher.poll()) this.#note(fetched)
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        if (error.code === 'OFFSET_OUT_OF_RANGE')
          this.#history.lostPositions.push({ reader: name, told: error.message })
        await this.#cluster.pause(PAUSE_MS)
      }
    }
  }

  #note({ topic, partition, records, highWatermark }: FetchedPartition): void {
    const reader = this.#options.name
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
