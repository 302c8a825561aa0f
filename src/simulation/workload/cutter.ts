/**
 * An administrator who cuts off the beginning of a partition now and then (DeleteRecords), and notes what was confirmed.
 */
import { deleteRecordsBefore } from '../../client/admin-topics.ts'
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { EARLIEST, LATEST, lookUpOffset } from '../../client/fetcher.ts'
import type { History } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'

const PAUSE_MS_MAX = 1_000

export class Cutter {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #random: SeededRandom
  readonly #topic: string

  constructor(cluster: Cluster, history: History, random: SeededRandom, topic: string) {
    this.#cluster = cluster
    this.#history = history
    this.#random = random
    this.#topic = topic
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#cluster.pause(this.#random.between(0, PAUSE_MS_MAX))
      try {
        await this.#cut()
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        this.#cluster.forget(this.#topic)
      }
    }
  }

  async #cut(): Promise<void> {
    const { clock } = this.#cluster.world
    const topic = this.#topic
    const start = await lookUpOffset(this.#cluster, topic, 0, EARLIEST)
    const end = await lookUpOffset(this.#cluster, topic, 0, LATEST)
    const offset = start + this.#random.below(Math.max(0, end - start) + 1)
    const leader = await this.#cluster.leader(topic, 0)
    const invokedMs = clock.monotonicMs()
    await deleteRecordsBefore(this.#cluster, topic, 0, offset)
    const confirmedMs = clock.monotonicMs()
    this.#history.cuts.push({ topic, partition: 0, offset, leader, invokedMs, confirmedMs })
  }
}
