/**
 * A group without members that commits ever higher offsets and looks now and then what is committed.
 */
import { moveOffsets } from '../../client/admin-groups.ts'
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { committedOffsets } from '../../client/consumer.ts'
import type { History } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'

const PAUSE_MS_MAX = 150
const READ_SHARE = 0.3

export class CommittingGroup {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #random: SeededRandom
  readonly #name: string
  readonly #topic: string
  #next = 0

  constructor(cluster: Cluster, history: History, random: SeededRandom, name: string, topic: string) {
    this.#cluster = cluster
    this.#history = history
    this.#random = random
    this.#name = name
    this.#topic = topic
  }

  /** Commits and looks until that is over. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        if (this.#random.chance(READ_SHARE)) await this.look()
        else await this.#commit()
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        this.#cluster.forgetCoordinator(this.#name)
      }
      await this.#cluster.pause(this.#random.between(0, PAUSE_MS_MAX))
    }
  }

  /** Asks once what is committed. */
  async look(): Promise<void> {
    const invokedMs = this.#nowMs()
    const partitions = [{ topic: this.#topic, partition: 0 }]
    const [found] = await committedOffsets(this.#cluster, this.#name, partitions)
    this.#history.offsetReads.push({ group: this.#name, offset: found?.offset ?? -1, invokedMs })
  }

  async #commit(): Promise<void> {
    const offset = this.#next++
    const commit = {
      group: this.#name,
      offset,
      invokedMs: this.#nowMs(),
      acknowledgedMs: Number.POSITIVE_INFINITY,
    }
    this.#history.commits.push(commit)
    await moveOffsets(this.#cluster, this.#name, [{ topic: this.#topic, partition: 0, offset }])
    commit.acknowledgedMs = this.#nowMs()
  }

  #nowMs(): number {
    return this.#cluster.world.clock.monotonicMs()
  }
}
