/**
 * Kills a broker with SIGKILL again and again under load, restarts it on the same folder, and checks what it
 * kept: nothing acknowledged is lost, doubled or out of order, committed offsets never go back, groups resume.
 *
 *   node test/faults/kill-loop.ts --rounds 200
 *
 * The load: idempotent kafkajs producers, our own client with acks=all, and a kafkajs group that commits.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs'
import { Cluster } from '../../src/client/cluster.ts'
import { Consumer } from '../../src/client/consumer.ts'
import { EARLIEST, LATEST, lookUpOffset } from '../../src/client/fetcher.ts'
import { Producer } from '../../src/client/producer.ts'
import { createNodeClock } from '../../src/runtime/node/clock.ts'
import { nodeNetwork } from '../../src/runtime/node/network.ts'
import { nodeRandom } from '../../src/runtime/node/random.ts'
import { type BrokerProcess, startBroker } from '../cluster/broker-process.ts'

const TOPIC = 'survivors'
const PARTITIONS = 4
const GROUP = 'survivors-readers'
const RETRY = { initialRetryTime: 50, maxRetryTime: 250, retries: 400 }

export interface KillReport {
  readonly rounds: number
  readonly acknowledged: number
  readonly consumed: number
  readonly violations: readonly string[]
}

/** What one writer has sent and what was acknowledged to it. */
interface Writer {
  readonly name: string
  readonly partition: number
  sent: number
  acknowledged: number
}

type Send = (partition: number, values: readonly string[]) => Promise<unknown>

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** Sends numbered values until told to stop; each request waits for its acknowledgement. */
async function write(writer: Writer, send: Send, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    const values = Array.from(
      { length: 1 + (writer.sent % 7) },
      (_, index) => `${writer.name}:${writer.sent + index}`,
    )
    writer.sent += values.length
    await send(writer.partition, values)
    writer.acknowledged = writer.sent
  }
}

/** A group of one whose commits are remembered once the broker has acknowledged them. */
class GroupReader {
  readonly committed = new Map<number, number>()
  readonly seen = new Set<string>()
  readonly #consumer

  constructor(kafka: Kafka) {
    this.#consumer = kafka.consumer({ groupId: GROUP, sessionTimeout: 10_000, retry: RETRY })
  }

  async start(): Promise<void> {
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topic: TOPIC, fromBeginning: true })
    await this.#consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, heartbeat }) => {
        for (const message of batch.messages) this.seen.add(message.value?.toString() ?? '')
        const next = Number(batch.lastOffset()) + 1
        await this.#consumer.commitOffsets([
          { topic: TOPIC, partition: batch.partition, offset: String(next) },
        ])
        this.committed.set(batch.partition, Math.max(next, this.committed.get(batch.partition) ?? 0))
        await heartbeat()
      },
    })
  }

  stop(): Promise<void> {
    return this.#consumer.disconnect()
  }
}

/** kafkajs' admin does not retry what a coordinator that is still loading answers. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Error && 'retriable' in error && error.retriable === true)) throw error
      await sleep(50)
    }
  }
}

/** Offsets that went back are told; what was acknowledged before the kill must be there after it. */
async function checkCommits(
  admin: Admin,
  before: ReadonlyMap<number, number>,
  violations: string[],
): Promise<void> {
  const [topic] = await patiently(() => admin.fetchOffsets({ groupId: GROUP, topics: [TOPIC] }))
  for (const { partition, offset } of topic?.partitions ?? []) {
    const acknowledged = before.get(partition) ?? -1
    if (Number(offset) < acknowledged)
      violations.push(
        `committed offset of partition ${partition} went from ${acknowledged} back to ${offset}`,
      )
  }
}

async function readAll(cluster: Cluster): Promise<Map<number, string[]>> {
  const values = new Map<number, string[]>()
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const end = await lookUpOffset(cluster, TOPIC, partition, LATEST)
    const start = await lookUpOffset(cluster, TOPIC, partition, EARLIEST)
    const list: string[] = []
    values.set(partition, list)
    if (end === start) continue
    await new Consumer(cluster).readFrom([{ topic: TOPIC, partition, offset: start }], async (fetched) => {
      for (const record of fetched.records) list.push(record.value?.toString() ?? '')
      return (fetched.records.at(-1)?.offset ?? -1) + 1 < end
    })
  }
  return values
}

/** One writer's values must stand in the log once each, in order, without a gap among the acknowledged. */
function checkWriter(writer: Writer, values: readonly string[], violations: string[]): void {
  let expected = 0
  for (const value of values) {
    const [name, text] = value.split(':')
    if (name !== writer.name) continue
    const number = Number(text)
    if (number < expected) violations.push(`${value} stands in the log twice or out of order`)
    else if (number > expected) violations.push(`${writer.name}:${expected} to ${number - 1} are missing`)
    expected = Math.max(expected, number + 1)
  }
  if (expected < writer.acknowledged)
    violations.push(`${writer.name} lost ${writer.acknowledged - expected} acknowledged records at the end`)
}

function sender(kafka: Kafka): { connect(): Promise<void>; send: Send; close(): Promise<void> } {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    retry: RETRY,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  return {
    connect: () => producer.connect(),
    send: (partition, values) =>
      producer.send({ topic: TOPIC, acks: -1, messages: values.map((value) => ({ partition, value })) }),
    close: () => producer.disconnect(),
  }
}

function ownSender(cluster: Cluster): Send {
  const producer = new Producer(cluster, { idempotent: true })
  return (partition, values) =>
    producer.send(
      TOPIC,
      values.map((value) => ({ partition, value: Buffer.from(value) })),
    )
}

interface Rounds {
  readonly rounds: number
  /** Milliseconds of load before each kill, at least and at most. */
  readonly loadMs: readonly [number, number]
  readonly settings?: Readonly<Record<string, string>>
  readonly tell?: (line: string) => void
}

/** Runs the rounds and reports; the folder is removed when all is well. */
export async function runKillLoop(options: Rounds): Promise<KillReport> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'sluice-kill-'))
  const violations: string[] = []
  let broker: BrokerProcess = await startBroker({ dataDirectory, settings: options.settings ?? {} })
  const { port } = broker
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING, retry: RETRY })
  const world = { clock: createNodeClock({ keepsAlive: true }), network: nodeNetwork, random: nodeRandom }
  const cluster = new Cluster(world, { bootstrap: [broker.bootstrap], retryMs: 60_000 })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] })
  const stock = [sender(kafka), sender(kafka)]
  for (const one of stock) await one.connect()
  const sends: Send[] = [...stock.map((one) => one.send), ownSender(cluster), ownSender(cluster)]
  const writers = sends.map(
    (_, index): Writer => ({ name: `w${index}`, partition: index % PARTITIONS, sent: 0, acknowledged: 0 }),
  )
  let stopping = false
  const writing = writers.map((writer, index) => write(writer, sends[index] as Send, () => stopping))
  const reader = new GroupReader(kafka)
  await reader.start()
  for (let round = 1; round <= options.rounds; round++) {
    const [least, most] = options.loadMs
    await sleep(least + Math.random() * (most - least))
    const committed = new Map(reader.committed)
    await broker.kill('SIGKILL')
    broker = await startBroker({ dataDirectory, port, settings: options.settings ?? {} })
    await checkCommits(admin, committed, violations)
    if (round % (options.rounds > 20 ? 10 : 1) === 0)
      options.tell?.(
        `round ${round}: ${total(writers)} records acknowledged, ${violations.length} violations`,
      )
  }
  stopping = true
  await Promise.all(writing)
  const values = await readAll(cluster)
  for (const writer of writers) checkWriter(writer, values.get(writer.partition) ?? [], violations)
  await caughtUp(reader, writers, violations)
  await Promise.all([...stock.map((one) => one.close()), reader.stop(), admin.disconnect(), cluster.close()])
  await broker.kill('SIGTERM')
  if (violations.length === 0) rmSync(dataDirectory, { recursive: true, force: true })
  return { rounds: options.rounds, acknowledged: total(writers), consumed: reader.seen.size, violations }
}

function total(writers: readonly Writer[]): number {
  return writers.reduce((sum, writer) => sum + writer.acknowledged, 0)
}

/** The group must have read everything, in the end. */
async function caughtUp(
  reader: GroupReader,
  writers: readonly Writer[],
  violations: string[],
): Promise<void> {
  for (let waitedMs = 0; waitedMs < 60_000 && reader.seen.size < total(writers); waitedMs += 100)
    await sleep(100)
  if (reader.seen.size < total(writers))
    violations.push(`the group read ${reader.seen.size} of ${total(writers)} records`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const at = process.argv.indexOf('--rounds')
  const rounds = at < 0 ? 200 : Number(process.argv[at + 1])
  const report = await runKillLoop({ rounds, loadMs: [100, 900], tell: (line) => console.log(line) })
  console.log(
    `${report.rounds} kills, ${report.acknowledged} records acknowledged, ${report.consumed} consumed by the group`,
  )
  for (const violation of report.violations) console.log(`VIOLATION: ${violation}`)
  console.log(
    report.violations.length === 0
      ? 'nothing lost, doubled, reordered or turned back'
      : `${report.violations.length} violations`,
  )
  process.exit(report.violations.length === 0 ? 0 : 1)
}
