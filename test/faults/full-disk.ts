/**
 * Fills the disk under a broker, looks at what still works, frees it again, and checks that nothing was lost.
 *
 *   node test/faults/full-disk.ts            (root: a small tmpfs, filled up)
 *   node test/faults/full-disk.ts --limit    (anyone on Linux: a limit on the size of files, with prlimit)
 *
 * While there is no room, producers are answered KAFKA_STORAGE_ERROR, commits and new topics an error; reads and
 * metadata go on. When there is room again all of it works, without a restart.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { moveOffsets } from '../../src/client/admin-groups.ts'
import { createTopic, describeTopics } from '../../src/client/admin-topics.ts'
import type { Cluster } from '../../src/client/cluster.ts'
import { committedOffsets } from '../../src/client/consumer.ts'
import { Producer } from '../../src/client/producer.ts'
import { type BrokerProcess, startBroker } from '../cluster/broker-process.ts'
import { SmallDisk, whyNoDisks } from './loop-disk.ts'
import { NumberedWriter, parseNumbered, senderTo } from './numbered-writer.ts'
import { readPartition } from './read-partition.ts'
import { conclude, isProgram, until } from './script.ts'
import { connectTo, outcomeOf } from './test-client.ts'

export interface FullDiskReport {
  readonly lines: readonly string[]
  readonly violations: readonly string[]
}

/** How room is taken from a broker, and given back. */
interface Shortage {
  readonly dataDirectory: string | null
  begin(broker: BrokerProcess): void
  end(broker: BrokerProcess): void
  remove(): void
}

const TOPIC = 'crowded'
const PARTITIONS = 3
const GROUP = 'crowded-readers'
const DISK_MIB = 64
const WAIT_MS = 20_000
const FULL = 'KAFKA_STORAGE_ERROR'

function smallDisk(): Shortage {
  const disk = new SmallDisk(DISK_MIB)
  const filler = join(disk.mountPoint, 'filler')
  return {
    dataDirectory: join(disk.mountPoint, 'data'),
    begin() {
      const file = openSync(filler, 'w')
      try {
        for (const size of [1024 * 1024, 4_096]) fillWith(file, Buffer.alloc(size))
      } finally {
        closeSync(file)
      }
    },
    end: () => rmSync(filler),
    remove: () => disk.remove(),
  }
}

/** Writes until there is no room for that much any more. */
function fillWith(file: number, bytes: Buffer): void {
  try {
    for (;;) if (writeSync(file, bytes) < bytes.length) return
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}

function fileSizeLimit(): Shortage {
  const set = (broker: BrokerProcess, soft: string): void => {
    const values = ['--pid', String(broker.process.pid), `--fsize=${soft}:unlimited`]
    const result = spawnSync('prlimit', values, { encoding: 'utf8' })
    if (result.status !== 0) throw new Error(`prlimit: ${result.error?.message ?? result.stderr}`)
  }
  return {
    dataDirectory: null,
    begin: (broker) => set(broker, '1'),
    end: (broker) => set(broker, 'unlimited'),
    remove() {},
  }
}

class FullDiskRun {
  readonly lines: string[] = []
  readonly violations: string[] = []
  readonly #broker: BrokerProcess
  readonly #hasty: Cluster
  readonly #patient: Cluster
  readonly #writers: NumberedWriter[]
  /** Idempotent: it goes on trying through the whole shortage. */
  readonly #stubborn: NumberedWriter
  readonly #read = new Map<number, number>()

  constructor(broker: BrokerProcess) {
    this.#broker = broker
    this.#hasty = connectTo(broker.bootstrap, 0)
    this.#patient = connectTo(broker.bootstrap, 60_000)
    const producer = new Producer(this.#hasty)
    this.#writers = Array.from(
      { length: PARTITIONS },
      (_, partition) => new NumberedWriter(`w${partition}`, partition, senderTo(TOPIC, producer)),
    )
    this.#stubborn = new NumberedWriter(
      'stubborn',
      0,
      senderTo(TOPIC, new Producer(this.#patient, { idempotent: true })),
    )
  }

  async run(shortage: Shortage): Promise<void> {
    await this.#make(TOPIC, PARTITIONS)
    await this.#write(100)
    await this.#committed(1)
    await this.#judge('before')
    shortage.begin(this.#broker)
    const pending = await this.#whileFull()
    shortage.end(this.#broker)
    await this.#whenFreed(pending.sent)
  }

  async #whileFull(): Promise<{ readonly sent: Promise<boolean> }> {
    for (const writer of this.#writers) {
      await until(`${writer.name} is refused`, WAIT_MS, async () => ((await writer.sendNext()) ? null : true))
      this.#expect(`produce to partition ${writer.partition} without room`, FULL, writer.lastOutcome)
    }
    await this.#judge('while the disk is full')
    const sent = this.#stubborn.sendNext()
    const commit = await until('a commit is refused', WAIT_MS, async () => {
      const outcome = await this.#commit(2)
      return outcome === 'OK' ? null : outcome
    })
    const creation = await until('a topic is refused', WAIT_MS, async () => {
      const outcome = await this.#create(`refused-${Math.random()}`, 1)
      return outcome === 'OK' ? null : outcome
    })
    const topics = await describeTopics(this.#hasty, null)
    this.#expect('topics listed without room', 'true', String(topics.some(({ name }) => name === TOPIC)))
    this.lines.push(
      `without room: produce ${FULL}, commit ${commit}, new topic ${creation}, reads and metadata fine`,
    )
    if (this.#broker.process.exitCode !== null)
      this.violations.push('the broker ended when the disk was full')
    return { sent }
  }

  async #whenFreed(sent: Promise<boolean>): Promise<void> {
    for (const writer of this.#writers)
      await until(`${writer.name} is served again`, WAIT_MS, async () =>
        (await writer.sendNext()) ? true : null,
      )
    this.#expect('the idempotent send that began without room', 'true', String(await sent))
    await this.#committed(3)
    await until('topics are made again', WAIT_MS, async () =>
      (await this.#create(`made-${Math.random()}`, 1)) === 'OK' ? true : null,
    )
    await this.#write(50)
    await this.#judge('after the disk was freed')
    this.lines.push('with room again: produce, commits and new topics work, without a restart')
  }

  /** What a broker that was killed and started again has. */
  async restarted(): Promise<void> {
    for (const partition of this.#read.keys()) this.#read.set(partition, 0)
    const [committed] = await committedOffsets(this.#patient, GROUP, [{ topic: TOPIC, partition: 0 }])
    this.#expect('the committed offset after a restart', '3', String(committed?.offset))
    const counts = await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) =>
        readPartition(this.#patient, TOPIC, partition, 0, () => {}),
      ),
    )
    await this.#write(10)
    this.lines.push(`after a restart: ${counts.join(', ')} records, and more are taken`)
    await this.#hasty.close()
    await this.#patient.close()
  }

  async #write(batches: number): Promise<void> {
    for (let batch = 0; batch < batches; batch++)
      for (const writer of [...this.#writers, this.#stubborn])
        if (!(await writer.sendNext()))
          this.violations.push(`${writer.name}: ${writer.lastOutcome} with room`)
  }

  #create(name: string, partitions: number): Promise<string> {
    return outcomeOf(createTopic(this.#hasty, { name, partitions, replicationFactor: 1, configs: {} }))
  }

  async #make(name: string, partitions: number): Promise<void> {
    this.#expect(`making ${name}`, 'OK', await this.#create(name, partitions))
  }

  /** A coordinator whose log cannot be written answers NOT_COORDINATOR, as Kafka's does. */
  #commit(offset: number): Promise<string> {
    return outcomeOf(moveOffsets(this.#hasty, GROUP, [{ topic: TOPIC, partition: 0, offset }]))
  }

  #committed(offset: number): Promise<true> {
    return until(`a commit of ${offset}`, WAIT_MS, async () =>
      (await this.#commit(offset)) === 'OK' ? true : null,
    )
  }

  /** Reads on, and holds the log to what was acknowledged. */
  async #judge(when: string): Promise<void> {
    const writers = [...this.#writers, this.#stubborn]
    const found: string[] = []
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const from = this.#read.get(partition) ?? 0
      const end = await readPartition(this.#patient, TOPIC, partition, from, (value) => {
        const parsed = parseNumbered(value)
        const writer = writers.find(({ name }) => name === parsed?.name)
        if (parsed === null || writer === undefined) found.push(`partition ${partition} holds a torn record`)
        else writer.saw(parsed.number, found)
      })
      this.#read.set(partition, end)
    }
    for (const writer of writers) writer.judge(found)
    this.violations.push(...found.map((violation) => `${when}: ${violation}`))
  }

  #expect(what: string, expected: string, found: string): void {
    if (found !== expected) this.violations.push(`${what}: ${found} instead of ${expected}`)
  }
}

/** @param kind a real small disk, which needs root, or a limit on the size of files. */
export async function runFullDisk(kind: 'disk' | 'limit'): Promise<FullDiskReport> {
  const shortage = kind === 'disk' ? smallDisk() : fileSizeLimit()
  const settings = { 'offsets.topic.num.partitions': '2' }
  const place = shortage.dataDirectory === null ? {} : { dataDirectory: shortage.dataDirectory }
  let broker = await startBroker({ ...place, settings })
  const { dataDirectory, port } = broker
  try {
    const run = new FullDiskRun(broker)
    await run.run(shortage)
    await broker.kill('SIGKILL')
    const first = broker.errors()
    broker = await startBroker({ dataDirectory, port, settings })
    await run.restarted()
    const bug = first.indexOf('a request failed by a bug')
    if (bug >= 0) run.violations.push(`a bug: ${first.slice(bug, bug + 2_000)}`)
    run.lines.push(`${first.split('\n').length - 1} log lines`)
    return { lines: run.lines, violations: run.violations }
  } finally {
    await broker.kill('SIGKILL')
    shortage.remove()
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

if (isProgram(import.meta.url)) {
  const kind = process.argv.includes('--limit') ? 'limit' : 'disk'
  const problem = kind === 'disk' ? whyNoDisks() : null
  if (problem !== null) {
    console.log(`no small disk can be made here: ${problem}`)
    process.exit(2)
  }
  const report = await runFullDisk(kind)
  for (const line of report.lines) console.log(line)
  conclude(report.violations, 'a full disk cost nothing that was acknowledged')
}
