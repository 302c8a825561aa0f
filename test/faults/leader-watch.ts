/**
 * Asks every node again and again who leads, and holds them all to one leader for each partition and epoch.
 *
 * A node that is down, frozen or cut off tells nothing; what it tells later, however old, must still be true of its epoch.
 */
import { metadata } from '../../src/protocol/messages/metadata.ts'
import type { BrokerCluster } from '../cluster/broker-cluster.ts'
import { RawConnection } from '../cluster/raw-connection.ts'
import { pause } from './script.ts'

const PERIOD_MS = 250
const PATIENCE_MS = 4_000

export class LeaderWatch {
  readonly #cluster: BrokerCluster
  readonly #topics: readonly string[]
  /** Leader by partition and epoch. */
  readonly #leaders = new Map<string, number>()
  readonly #violations: string[] = []
  readonly #loops: Promise<void>[]
  #isEnded = false

  constructor(cluster: BrokerCluster, topics: readonly string[]) {
    this.#cluster = cluster
    this.#topics = topics
    this.#loops = cluster.runningNodes.map((node) => this.#watch(node))
  }

  /** How many leaderships were seen. */
  get leaderships(): number {
    return this.#leaders.size
  }

  takeViolations(): string[] {
    return this.#violations.splice(0)
  }

  async close(): Promise<void> {
    this.#isEnded = true
    await Promise.all(this.#loops)
  }

  async #watch(node: number): Promise<void> {
    let connection: RawConnection | null = null
    while (!this.#isEnded) {
      try {
        connection ??= await RawConnection.open(this.#cluster.portOf(node), this.#cluster.hostOf(node))
        await this.#look(connection, node)
      } catch {
        connection?.close()
        connection = null
      }
      await pause(PERIOD_MS)
    }
    connection?.close()
  }

  async #look(connection: RawConnection, node: number): Promise<void> {
    // What hangs is hung up on, which ends the request with an error.
    const impatience = setTimeout(() => connection.close(), PATIENCE_MS)
    try {
      const topics = this.#topics.map((name) => ({ name }))
      const answer = await connection.request(metadata, 8, { topics, allowAutoTopicCreation: false })
      for (const topic of answer.topics)
        for (const { partitionIndex, leaderId, leaderEpoch } of topic.partitions)
          if (leaderId >= 0) this.#note(`${topic.name}-${partitionIndex}`, leaderEpoch, leaderId, node)
    } finally {
      clearTimeout(impatience)
    }
  }

  #note(partition: string, epoch: number, leaderId: number, teller: number): void {
    const key = `${partition} in epoch ${epoch}`
    const known = this.#leaders.get(key)
    if (known === undefined) this.#leaders.set(key, leaderId)
    else if (known !== leaderId)
      this.#violations.push(`${key} is led by ${known} and, as node ${teller} has it, by ${leaderId}`)
  }
}
