/**
 * An administrator who creates topics, grows them, sets what they are kept for, and deletes them, one after the other, and
 * notes when each was confirmed.
 *
 * No two of his changes are alike, so that each can be found in the metadata log.
 */
import { changeConfigs } from '../../client/admin-configs.ts'
import { addPartitions, createTopic, deleteTopic } from '../../client/admin-topics.ts'
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import type { History, MetadataChange } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'

const PAUSE_MS_MAX = 400
const TOPICS_MAX = 4
const KEPT_MS = 100_000_000

interface Known {
  readonly name: string
  partitions: number
}

export class TopicAdmin {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #random: SeededRandom
  readonly #name: string
  #topics: Known[] = []
  #next = 0

  constructor(cluster: Cluster, history: History, random: SeededRandom, name: string) {
    this.#cluster = cluster
    this.#history = history
    this.#random = random
    this.#name = name
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#cluster.pause(this.#random.between(0, PAUSE_MS_MAX))
      await this.#change()
    }
  }

  async #change(): Promise<void> {
    const topic = this.#topics.length > 0 ? this.#random.pick(this.#topics) : null
    if (topic === null || (this.#topics.length < TOPICS_MAX && this.#random.chance(0.4))) {
      const name = `${this.#name}-${this.#next++}`
      this.#topics.push({ name, partitions: 1 })
      const created = { name, partitions: 1, replicationFactor: -1, configs: {} }
      return await this.#note({ kind: 'create', topic: name }, () => createTopic(this.#cluster, created))
    }
    const { name } = topic
    if (this.#random.chance(0.3)) {
      this.#topics = this.#topics.filter((one) => one !== topic)
      return await this.#note({ kind: 'delete', topic: name }, () => deleteTopic(this.#cluster, name))
    }
    if (this.#random.chance(0.4)) {
      const partitions = ++topic.partitions
      return await this.#note({ kind: 'grow', topic: name, partitions }, () =>
        addPartitions(this.#cluster, name, partitions),
      )
    }
    const value = String(KEPT_MS + this.#next++)
    const change = { kind: 'set', name: 'retention.ms', value } as const
    await this.#note({ kind: 'set', topic: name, value }, () =>
      changeConfigs(this.#cluster, 'topic', name, [change]),
    )
  }

  /** A change that failed may have happened all the same. */
  async #note(what: MetadataChange['what'], ask: () => Promise<void>): Promise<void> {
    const { clock } = this.#cluster.world
    const change: MetadataChange = {
      what,
      invokedMs: clock.monotonicMs(),
      confirmedMs: Number.POSITIVE_INFINITY,
    }
    this.#history.metadataChanges.push(change)
    try {
      await ask()
      change.confirmedMs = clock.monotonicMs()
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
    }
  }
}
