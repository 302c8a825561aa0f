/**
 * kafkajs as users have it, set up for tests: quiet, impatient, with every codec, against one broker.
 *
 * Nothing here waits by the clock: what a test waits for is an event of the client or a message.
 */
import { createHash } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import kafkajs, { type Consumer, type ConsumerConfig, type Kafka, type KafkaMessage } from 'kafkajs'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { compressSync, uncompressSync } from 'snappy'
import { decompressSnappy } from '../../src/protocol/records/snappy.ts'
import type { BrokerProcess } from './broker-process.ts'

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'

const { CompressionCodecs, CompressionTypes, logLevel } = kafkajs

const DECOMPRESSED_BYTES_MAX = 64 * 1024 * 1024

interface Encoder {
  readonly buffer: Buffer
}

/** The plug-ins that kafkajs users install for what it does not bring along (pitfall 16). */
CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: async (encoder: Encoder) => compressSync(encoder.buffer),
  decompress: async (bytes: Buffer) => {
    const unpacked = decompressSnappy(bytes, DECOMPRESSED_BYTES_MAX)
    if (typeof unpacked === 'string') return Buffer.from(uncompressSync(bytes))
    return unpacked
  },
})
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoder: Encoder) => compressFrameSync(encoder.buffer),
  decompress: async (bytes: Buffer) => decompressFrameSync(bytes),
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder: Encoder) =>
    zstdCompressSync(encoder.buffer, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
  decompress: async (bytes: Buffer) => zstdDecompressSync(bytes),
})

/** A client of that broker. */
export function kafkaOf(broker: Pick<BrokerProcess, 'bootstrap'>, clientId = 'test'): Kafka {
  return new kafkajs.Kafka({
    clientId,
    brokers: broker.bootstrap.split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 8 },
  })
}

let counter = 0

/** A name that nothing else in this broker has. */
export function unique(prefix: string): string {
  return `${prefix}-${++counter}-${createHash('sha1').update(`${process.pid}`).digest('hex').slice(0, 4)}`
}

export interface Received {
  readonly topic: string
  readonly partition: number
  readonly message: KafkaMessage
}

/** A consumer that asks often, so that it also stops soon. */
export function consumerOf(kafka: Kafka, groupId: string, options: Partial<ConsumerConfig> = {}): Consumer {
  return kafka.consumer({
    groupId,
    maxWaitTimeInMs: 100,
    heartbeatInterval: 200,
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 20 },
    ...options,
  })
}

/** Resolves with the next event of that name. */
export function nextEvent<T = unknown>(
  consumer: Consumer,
  name: keyof Consumer['events'],
  matches: (payload: T) => boolean = () => true,
): Promise<T> {
  return new Promise((resolve) => {
    const remove = consumer.on(consumer.events[name] as never, (event: unknown) => {
      const { payload } = event as { payload: T }
      if (!matches(payload)) return
      remove()
      resolve(payload)
    })
  })
}

/** Messages as they come; `until` resolves when the list satisfies its condition. */
export class Inbox<T = Received> {
  readonly all: T[] = []
  readonly #waiting: { condition: (all: readonly T[]) => boolean; resolve: () => void }[] = []

  push(item: T): void {
    this.all.push(item)
    for (const waiting of [...this.#waiting]) {
      if (!waiting.condition(this.all)) continue
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
      waiting.resolve()
    }
  }

  until(condition: (all: readonly T[]) => boolean): Promise<void> {
    if (condition(this.all)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ condition, resolve }))
  }

  count(messages: number): Promise<void> {
    return this.until((all) => all.length >= messages)
  }
}

/** Joins a group and gathers what it is handed. */
export async function startConsumer(
  kafka: Kafka,
  groupId: string,
  topics: readonly string[],
  options: Partial<ConsumerConfig> & { readonly fromBeginning?: boolean; readonly inbox?: Inbox } = {},
): Promise<{ consumer: Consumer; inbox: Inbox; joined: Promise<unknown> }> {
  const { fromBeginning = true, inbox = new Inbox(), ...config } = options
  const consumer = consumerOf(kafka, groupId, config)
  const joined = nextEvent(consumer, 'GROUP_JOIN')
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning })
  await consumer.run({ eachMessage: async (received) => inbox.push(received) })
  return { consumer, inbox, joined }
}

/** The first `count` messages of a topic, by partition and offset. */
export async function readTopic(kafka: Kafka, topic: string, count: number): Promise<Received[]> {
  const { consumer, inbox } = await startConsumer(kafka, unique('reader'), [topic])
  await inbox.count(count)
  await consumer.disconnect()
  return [...inbox.all].sort(
    (a, b) => a.partition - b.partition || Number(BigInt(a.message.offset) - BigInt(b.message.offset)),
  )
}
