/**
 * Writes one record after the other to a partition with stock kafkajs, and notes when each was acknowledged by all.
 *
 * Its patience is kafkajs's own: it waits 0.3 s before it tries again. Only how long it waits for an answer is set, where a
 * node is to fall silent: by default that is 30 s, whatever the cluster does meanwhile.
 */
import kafkajs from 'kafkajs'
import type { BrokerCluster } from '../cluster/broker-cluster.ts'
import { AcknowledgedTimes } from './acknowledged-times.ts'
import { pause } from './script.ts'
import { disconnected } from './stock-client.ts'

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'

const RETRY_MS = 5

export class StockGapWriter {
  readonly partition: number
  readonly acknowledged = new AcknowledgedTimes()
  readonly #topic: string
  readonly #kafka: kafkajs.Kafka
  #stopped = false

  constructor(cluster: BrokerCluster, topic: string, partition: number, requestTimeoutMs: number | null) {
    this.#topic = topic
    this.partition = partition
    this.#kafka = new kafkajs.Kafka({
      clientId: `gap-${partition}`,
      brokers: cluster.bootstrap.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
      ...(requestTimeoutMs !== null && { requestTimeout: requestTimeoutMs }),
    })
  }

  async run(): Promise<void> {
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const messages = [{ partition: this.partition, value: 'x'.repeat(100) }]
    while (!this.#stopped) {
      try {
        await producer.send({ topic: this.#topic, acks: -1, messages })
        this.acknowledged.note()
      } catch {
        // It gave up: the silence goes on.
        await pause(RETRY_MS)
      }
    }
    await disconnected(producer)
  }

  stop(): void {
    this.#stopped = true
  }
}
