/**
 * An administrator who moves the replicas of a partition to other nodes, and leadership back to where it is preferred.
 *
 * He takes replicas away only while all are in sync: with fewer of them a single ruined disk would be one too many. At the
 * end it is where it was, as far as those nodes are still there.
 */
import { elect, movesUnderWay, reassign } from '../../client/admin-cluster.ts'
import { describePartitions } from '../../client/admin-topics.ts'
import { ClientError } from '../../client/client-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import type { SeededRandom } from '../seeded-random.ts'

const PAUSE_MS_MAX = 1_500
const LOOK_MS = 100
const REPLICAS_MIN = 2
const ELECTION_SHARE = 0.3

export class Mover {
  readonly #cluster: Cluster
  readonly #random: SeededRandom
  readonly #topic: string
  readonly #nodes: () => readonly number[]

  /** `nodes`: where the replicas may be now, and are at the end. */
  constructor(cluster: Cluster, random: SeededRandom, topic: string, nodes: () => readonly number[]) {
    this.#cluster = cluster
    this.#random = random
    this.#topic = topic
    this.#nodes = nodes
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#cluster.pause(this.#random.between(0, PAUSE_MS_MAX))
      await this.#try(() => this.#move(this.#drawn()))
    }
    while (!(await this.#try(() => this.#move(this.#nodes())))) await this.#cluster.pause(LOOK_MS)
    while (!(await this.#try(() => this.#isDone()))) await this.#cluster.pause(LOOK_MS)
  }

  /** Some of the nodes, in any order. */
  #drawn(): number[] {
    const left = [...this.#nodes()]
    const count = Math.min(left.length, REPLICAS_MIN + this.#random.below(left.length - REPLICAS_MIN + 1))
    return Array.from({ length: count }, () => left.splice(this.#random.below(left.length), 1)[0] ?? 0)
  }

  async #move(replicas: readonly number[]): Promise<boolean> {
    const [partition] = await describePartitions(this.#cluster, this.#topic)
    if (partition === undefined || partition.isrNodes.length < partition.replicaNodes.length) return false
    if (this.#random.chance(ELECTION_SHARE))
      await elect(this.#cluster, [{ topic: this.#topic, partitions: [0] }], false)
    await reassign(this.#cluster, [{ topic: this.#topic, partition: 0, replicas }])
    return true
  }

  async #isDone(): Promise<boolean> {
    return (await movesUnderWay(this.#cluster)).length === 0
  }

  /** False also when that could not be asked. */
  async #try(ask: () => Promise<boolean>): Promise<boolean> {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      return false
    }
  }
}
