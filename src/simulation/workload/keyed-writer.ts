/**
 * A producer that writes a few keys again and again, now and then a tombstone, and notes what it was told.
 *
 * As time passes it goes on to other keys, so that of every key the last record must stay until the end. What only the
 * leader has acknowledged counts as not acknowledged.
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
/** So often a new key comes among them, and the oldest is written no more. */
const KEY_MS = 400

export class KeyedWriter {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #random: SeededRandom
  readonly #topic: string
  readonly #acks: 1 | -1
  readonly #name: string
  #next = 0

  /** With acks of -1 it is idempotent. No two writers of a topic have the same name. */
  constructor(
    cluster: Cluster,
    history: History,
    random: SeededRandom,
    what: { readonly name: string; readonly topic: string; readonly acks: 1 | -1 },
  ) {
    this.#cluster = cluster
    this.#history = history
    this.#random = random
    this.#topic = what.topic
    this.#acks = what.acks
    this.#name = what.name
  }

  async run(isOver: () => boolean): Promise<void> {
    const producer = new Producer(this.#cluster, { acks: this.#acks, idempotent: this.#acks === -1 })
    while (!isOver()) {
      await this.#sendOnce(producer)
      await this.#cluster.pause(this.#random.between(0, PAUSE_MS_MAX))
    }
  }

  async #sendOnce(producer: Producer): Promise<void> {
    const firstKey = Math.floor(this.#cluster.world.clock.monotonicMs() / KEY_MS)
    const records = Array.from({ length: 1 + this.#random.below(RECORDS_MAX) }, () => ({
      key: `k${firstKey + this.#random.below(KEYS)}`,
      label: this.#random.chance(TOMBSTONE_SHARE) ? null : `${this.#name}:${this.#next++}`,
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
      if (this.#acks === -1) sent.baseOffset = batch?.baseOffset ?? -1
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
    }
  }
}
