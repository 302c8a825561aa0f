/**
 * A well-behaved client that notes how long it waits: it writes a record, reads it back and asks for metadata.
 */
import { createTopic } from '../../src/client/admin-topics.ts'
import { ClientError } from '../../src/client/client-error.ts'
import type { Cluster } from '../../src/client/cluster.ts'
import { Fetcher } from '../../src/client/fetcher.ts'
import { Producer } from '../../src/client/producer.ts'
import { pause } from './script.ts'
import { connectTo } from './test-client.ts'

const THINK_MS = 3
let topicsMade = 0

export class NormalClient {
  readonly #cluster: Cluster
  readonly #producer: Producer
  readonly #fetcher: Fetcher
  readonly #topic: string

  private constructor(bootstrap: string) {
    this.#cluster = connectTo(bootstrap, 60_000)
    this.#producer = new Producer(this.#cluster)
    this.#fetcher = new Fetcher(this.#cluster, {
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 1_000_000,
      maxBytesPerPartition: 1_000_000,
      readCommitted: false,
      resetTo: null,
    })
    this.#topic = `normal-client-${process.pid}-${topicsMade++}`
  }

  static async open(bootstrap: string): Promise<NormalClient> {
    const client = new NormalClient(bootstrap)
    await client.#cluster.retrying(() =>
      createTopic(client.#cluster, {
        name: client.#topic,
        partitions: 1,
        replicationFactor: 1,
        configs: {},
      }),
    )
    client.#fetcher.assign([{ topic: client.#topic, partition: 0, offset: 0 }])
    return client
  }

  /** Works for so long; the answer is the duration of each round in milliseconds. */
  async work(durationMs: number): Promise<number[]> {
    const latencies: number[] = []
    const endMs = performance.now() + durationMs
    for (let round = 0; performance.now() < endMs; round++) {
      const beganMs = performance.now()
      await this.#round(round)
      latencies.push(performance.now() - beganMs)
      await pause(THINK_MS)
    }
    return latencies
  }

  close(): Promise<void> {
    return this.#cluster.close()
  }

  async #round(round: number): Promise<void> {
    const value = `round ${round}`
    await this.#producer.send(this.#topic, [{ partition: 0, value: Buffer.from(value) }])
    const read = await this.#cluster.retrying(async () => {
      const fetched = await this.#fetcher.poll()
      if (fetched.length > 0) return fetched
      throw new ClientError('TIMED_OUT', 'nothing was read', true)
    })
    const found = read[0]?.records.at(-1)?.value?.toString()
    if (found !== value) throw new Error(`wrote "${value}", read "${found}"`)
    await this.#cluster.retrying(() => this.#cluster.refresh([this.#topic]))
  }
}
