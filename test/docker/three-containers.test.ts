/**
 * The image as it ships, three times: stock kafkajs apps on this machine and in a container lose nothing while each node is
 * killed and started again. Without a Docker engine these tests are skipped, and say so.
 */
import type { Kafka } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kafkaOf, readTopic } from '../cluster/kafkajs-client.ts'
import { until } from '../faults/script.ts'
import { ContainerCluster, type NodeId } from './container-cluster.ts'
import { whyNoEngine } from './docker-engine.ts'

const BUILD_TIMEOUT_MS = 240_000
const noEngine = await whyNoEngine()
if (noEngine !== null)
  console.log(`the tests in containers are skipped, no Docker engine answers: ${noEngine}`)

/** Every partition of the topic has three replicas in sync. */
function whole(kafka: Kafka, topic: string): Promise<true> {
  const admin = kafka.admin()
  return until('three replicas in sync', 30_000, async () => {
    try {
      await admin.connect()
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions.every(({ isr }) => isr.length === 3) === true ? true : null
    } catch {
      return null
    }
  }).finally(() => admin.disconnect())
}

/** Sends numbers until it is stopped. */
class NumberedLoad {
  #stopped = false
  acknowledged = 0
  readonly #ended: Promise<void>

  constructor(kafka: Kafka, topic: string) {
    this.#ended = this.#run(kafka, topic)
  }

  /** Resolves when so many more have been acknowledged. */
  more(count: number): Promise<true> {
    const wanted = this.acknowledged + count
    return until('acknowledgements', 30_000, async () => (this.acknowledged >= wanted ? true : null))
  }

  async stop(): Promise<number> {
    this.#stopped = true
    await this.#ended
    return this.acknowledged
  }

  async #run(kafka: Kafka, topic: string): Promise<void> {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 40 },
    })
    await producer.connect()
    while (!this.#stopped) {
      const messages = [{ key: 'out', value: String(this.acknowledged) }]
      await producer.send({ topic, acks: -1, messages })
      this.acknowledged++
    }
    await producer.disconnect()
  }
}

/** The values of a topic of one partition, in its order. */
async function valuesOf(kafka: Kafka, topic: string, count: number): Promise<(string | undefined)[]> {
  const messages = await readTopic(kafka, topic, count)
  return messages.map(({ message }) => message.value?.toString())
}

const numbersTo = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index))

describe.skipIf(noEngine !== null)('three nodes in containers', () => {
  let cluster: ContainerCluster

  beforeAll(async () => {
    cluster = await ContainerCluster.start()
  }, BUILD_TIMEOUT_MS)

  afterAll(() => cluster?.close())

  test('kafkajs here and in a container lose nothing while each node is killed and started again', {
    timeout: 120_000,
  }, async () => {
    const kafka = kafkaOf(cluster)
    const admin = kafka.admin()
    await admin.connect()
    const configEntries = [{ name: 'min.insync.replicas', value: '2' }]
    await admin.createTopics({
      topics: ['outside', 'inside'].map((topic) => ({
        topic,
        numPartitions: 1,
        replicationFactor: 3,
        configEntries,
      })),
    })
    await admin.disconnect()
    const client = await cluster.startClient('inside')
    const load = new NumberedLoad(kafka, 'outside')
    for (const node of [1, 2, 3] satisfies NodeId[]) {
      await load.more(20)
      await cluster.kill(node)
      await load.more(20)
      await cluster.restart(node)
      await whole(kafka, 'outside')
      await whole(kafka, 'inside')
    }
    const outside = await load.stop()
    const inside = await cluster.stopClient(client)
    expect(outside).toBeGreaterThanOrEqual(120)
    expect(inside).toBeGreaterThan(0)
    expect(await valuesOf(kafka, 'outside', outside)).toEqual(numbersTo(outside))
    expect(await valuesOf(kafka, 'inside', inside)).toEqual(numbersTo(inside))
  })
})
