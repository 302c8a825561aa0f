/**
 * The load that stock kafkajs puts on a cluster: idempotent producers, and consumer groups that read and commit.
 *
 * Set up as its users do who want no duplicates: one request in flight, retries without end. Should a send fail for good
 * all the same, nobody knows what became of it, and kafkajs would give its sequence numbers to other records, which the
 * broker then has to take for the same ones: the producer is thrown away, as its users must.
 */
import kafkajs, { type LogEntry, type Producer } from 'kafkajs'
import { createTopic } from '../../src/client/admin-topics.ts'
import type { Cluster } from '../../src/client/cluster.ts'
import { Gate } from './gate.ts'
import { type NumberedRecord, NumberedWriter } from './numbered-writer.ts'
import { pause } from './script.ts'
import { disconnected } from './stock-client.ts'
import { StockGroup } from './stock-group.ts'
import { connectTo } from './test-client.ts'
import { WrittenTopic } from './written-topic.ts'

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'

export const STOCK_TOPIC = 'stock'
export const STOCK_PARTITIONS = 4
/** Two for each partition: what is retried then stands in another order, if it was read before it counted. */
const WRITERS = 8
const MEMBERS = 2
const BETWEEN_SENDS_MS = 5
const LOG_LINES_KEPT = 300

/** One idempotent kafkajs producer, made anew when a send of it has failed. */
class StockProducer {
  readonly #kafka: kafkajs.Kafka
  #producer: Producer | null = null

  constructor(kafka: kafkajs.Kafka) {
    this.#kafka = kafka
  }

  /** `OK`, or the kind of the error. */
  async send(topic: string, records: readonly NumberedRecord[]): Promise<string> {
    try {
      this.#producer ??= await this.#connected()
      await this.#producer.send({ topic, acks: -1, messages: [...records] })
      return 'OK'
    } catch (error) {
      await this.close()
      const type = error instanceof kafkajs.KafkaJSProtocolError ? error.type : ''
      return error instanceof Error ? `${error.name} ${type} ${error.message}` : String(error)
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = null
    if (producer !== null) await disconnected(producer)
  }

  async #connected(): Promise<Producer> {
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    return producer
  }
}

export class StockLoad {
  readonly #cluster: Cluster
  readonly #kafka: kafkajs.Kafka
  readonly #gate = new Gate(WRITERS)
  readonly #producers: StockProducer[] = []
  readonly #writers: NumberedWriter[] = []
  readonly #loops: Promise<void>[] = []
  readonly #topic: WrittenTopic
  readonly #groups: readonly StockGroup[]
  /** The newest lines that kafkajs logged, for whoever has to find out why it stands still. */
  readonly #logged: string[] = []
  /** How often a send failed for good, by its error. */
  readonly failures = new Map<string, number>()

  private constructor(bootstrap: string, requestTimeoutMs: number) {
    this.#cluster = connectTo(bootstrap, 120_000, requestTimeoutMs)
    this.#kafka = new kafkajs.Kafka({
      clientId: 'stock',
      brokers: bootstrap.split(','),
      logLevel: kafkajs.logLevel.INFO,
      logCreator: () => (entry) => this.#note(entry),
      connectionTimeout: 1_000,
      requestTimeout: requestTimeoutMs,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 20 },
    })
    for (let index = 0; index < WRITERS; index++) {
      const producer = new StockProducer(this.#kafka)
      const send = (records: readonly NumberedRecord[]) => producer.send(STOCK_TOPIC, records)
      this.#producers.push(producer)
      this.#writers.push(new NumberedWriter(`k${index}`, index % STOCK_PARTITIONS, send))
    }
    this.#topic = new WrittenTopic(STOCK_TOPIC, STOCK_PARTITIONS, this.#writers)
    this.#groups = [
      new StockGroup('stock-batches', this.#kafka, this.#topic, 'batches'),
      new StockGroup('stock-messages', this.#kafka, this.#topic, 'messages'),
    ]
  }

  /** Makes the topic with three replicas, and starts producers and groups. */
  static async open(bootstrap: string, requestTimeoutMs: number): Promise<StockLoad> {
    const load = new StockLoad(bootstrap, requestTimeoutMs)
    await createTopic(load.#cluster, {
      name: STOCK_TOPIC,
      partitions: STOCK_PARTITIONS,
      replicationFactor: 3,
      configs: { 'min.insync.replicas': '2' },
    })
    for (const group of load.#groups) await group.start(MEMBERS)
    for (const writer of load.#writers) load.#loops.push(load.#loop(writer))
    return load
  }

  summary(): string {
    const records = this.#writers.reduce((sum, writer) => sum + writer.acknowledgedCount, 0)
    const failed = [...this.failures].map(([error, count]) => `${count} × ${error}`).join(', ') || 'none'
    return `kafkajs: ${records} idempotent records acknowledged (sends that failed: ${failed}); ${this.#groups.map((group) => group.summary).join('; ')}`
  }

  /** The newest of what kafkajs logged. */
  get logged(): readonly string[] {
    return this.#logged
  }

  /** Waits until every send has ended; nothing is sent until `resume`. */
  stop(): Promise<void> {
    return this.#gate.close()
  }

  /** While stopped: compares what producers and groups know with what the cluster holds. */
  async compare(violations: string[]): Promise<void> {
    await this.#topic.compare(this.#cluster, violations)
    for (const group of this.#groups) await group.compare(this.#cluster, violations)
  }

  resume(): void {
    this.#gate.open()
  }

  /** While stopped: compares once more, ends the load, and holds the topic to all that was ever read from it. */
  async close(violations: string[]): Promise<void> {
    await this.compare(violations)
    this.#gate.end()
    await Promise.all(this.#loops)
    await Promise.all(this.#groups.map((group) => group.close()))
    await Promise.all(this.#producers.map((producer) => producer.close()))
    await this.#topic.readAgain(this.#cluster, violations)
    await this.#cluster.close()
  }

  #note({ namespace, log }: LogEntry): void {
    const { timestamp, message, ...rest } = log
    this.#logged.push(`${timestamp} ${namespace} ${message} ${JSON.stringify(rest)}`)
    if (this.#logged.length > LOG_LINES_KEPT) this.#logged.shift()
  }

  async #loop(writer: NumberedWriter): Promise<void> {
    while (await this.#gate.pass()) {
      if (!(await writer.sendNext()))
        this.failures.set(writer.lastOutcome, (this.failures.get(writer.lastOutcome) ?? 0) + 1)
      await pause(BETWEEN_SENDS_MS)
    }
  }
}
