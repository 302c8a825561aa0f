/**
 * A client that asks now and then where a partition begins or ends (ListOffsets), and notes what it was told.
 */
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { EARLIEST, LATEST, lookUpOffset } from '../../client/fetcher.ts'
import type { History } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'

const PAUSE_MS_MAX = 300
const END_SHARE = 0.7

export class EndWatcher {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #random: SeededRandom
  readonly #topic: string
  readonly #partitions: number

  constructor(cluster: Cluster, history: History, random: SeededRandom, topic: string, partitions: number) {
    this.#cluster = cluster
    this.#history = history
    this.#random = random
    this.#topic = topic
    this.#partitions = partitions
  }

  /** Asks until that is over. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#cluster.pause(this.#random.between(0, PAUSE_MS_MAX))
      try {
        await this.#ask(this.#random.below(this.#partitions))
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
      }
    }
  }

  async #ask(partition: number): Promise<void> {
    const { clock } = this.#cluster.world
    const topic = this.#topic
    const invokedMs = clock.monotonicMs()
    const asksEnd = this.#random.chance(END_SHARE)
    const offset = await lookUpOffset(this.#cluster, topic, partition, asksEnd ? LATEST : EARLIEST)
    const told = { topic, partition, invokedMs, endedMs: clock.monotonicMs() }
    if (asksEnd) this.#history.endReads.push({ ...told, endOffset: offset })
    else this.#history.startReads.push({ ...told, startOffset: offset })
  }
}
