/**
 * An idempotent producer that writes a few keys again and again, now and then a tombstone, and notes what it was told.
 */
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { Producer } from '../../client/producer.ts'
import type { History, KeyedSend } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'

const KEYS = 8
const RECORDS_MAX = 4
const PAUSE_MS_MAX = 60
const TOMBSTONE_SHARE = 0.1

export class KeyedWriter {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #random: SeededRandom
  readonly #topic: string
  #next = 0

  constructor(cluster: Cluster, history: History, random: SeededRandom, topic: string) {
    this.#cluster = cluster
    this.#history = history
    this.#random = random
    this.#topic = topic
  }

  async run(isOver: () => boolean): Promise<void> {
    const producer = new Producer(this.#cluster, { idempotent: true })
    while (!isOver()) {
      await this.#sendOnce(producer)
      await this.#cluster.pause(this.#random.between(0, PAUSE_MS_MAX))
    }
  }

  async #sendOnce(producer: Producer): Promise<void> {
    const records = Array.from({ length: 1 + this.#random.below(RECORDS_MAX) }, () => ({
      key: `k${this.#random.below(KEYS)}`,
      label: this.#random.chance(TOMBSTONE_SHARE) ? null : `v${this.#next++}`,
    }))
    const sent: KeyedSend = { topic: this.#topic, partition: 0, records, baseOffset: -1 }
    this.#history.keyedSends.push(sent)
    try {
      const [batch] = await producer.send(
        this.#topic,
        records.map(({ key, label }) => ({
          partition: 0,
          key: Buffer.from(key),
          value: label === null ? null : Buffer.from(label),
        })),
      )
      sent.baseOffset = batch?.baseOffset ?? -1
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
    }
  }
}
