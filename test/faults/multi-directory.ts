/**
 * Takes one of two data directories away from a running broker, and looks at what goes on.
 *
 *   node test/faults/multi-directory.ts            (root: the power of a disk on a loop device is cut)
 *   node test/faults/multi-directory.ts --rename   (anyone: the folder is moved away, as by a slip of the hand)
 *
 * The partitions of the lost directory answer KAFKA_STORAGE_ERROR, those of the other are served as before, and
 * DescribeLogDirs shows the failure. A restart without the directory does not put empty logs in the place of those
 * that are in it; after one with both directories everything acknowledged is there.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTopic, describeTopics } from '../../src/client/admin-topics.ts'
import type { Cluster } from '../../src/client/cluster.ts'
import { Producer } from '../../src/client/producer.ts'
import {
  type DescribeLogDirsResponse,
  describeLogDirs,
} from '../../src/protocol/messages/describe-log-dirs.ts'
import { type BrokerProcess, startBroker } from '../cluster/broker-process.ts'
import { LoopDisk, whyNoDisks } from './loop-disk.ts'
import { NumberedWriter, parseNumbered, senderTo } from './numbered-writer.ts'
import { readPartition } from './read-partition.ts'
import { conclude, isProgram, until } from './script.ts'
import { connectTo, outcomeOf } from './test-client.ts'

export interface MultiDirectoryReport {
  readonly lines: readonly string[]
  readonly violations: readonly string[]
}

/** A directory that can be lost and found again. */
interface Losable {
  readonly path: string
  lose(): void
  /** After the broker's end. */
  find(): void
  remove(): void
}

const TOPIC = 'spread'
const PARTITIONS = 6
const BATCHES = 30
const WAIT_MS = 30_000
const OFFLINE = 56
/** The broker notices a folder that is gone when it needs a new file, so files are small. */
const SETTINGS = { 'log.segment.bytes': '1048576' }

function diskWithoutPower(): Losable {
  const disk = new LoopDisk(256)
  return {
    path: join(disk.mountPoint, 'data'),
    lose: () => disk.cutPower('drop'),
    find() {
      disk.unmount()
      disk.mount()
    },
    remove: () => disk.remove(),
  }
}

function folderMovedAway(): Losable {
  const parent = mkdtempSync(join(tmpdir(), 'sluice-losable-'))
  const path = join(parent, 'data')
  return {
    path,
    lose() {
      renameSync(path, `${path}-away`)
      // What stands in its place is no directory, so that a restart cannot mistake it for a new one.
      writeFileSync(path, '')
    },
    find() {
      rmSync(path)
      renameSync(`${path}-away`, path)
    },
    remove: () => rmSync(parent, { recursive: true, force: true }),
  }
}

class MultiDirectoryRun {
  readonly lines: string[] = []
  readonly violations: string[] = []
  readonly #broker: () => BrokerProcess
  readonly #lost: string
  readonly #hasty: Cluster
  readonly #patient: Cluster
  readonly #writers: NumberedWriter[]

  constructor(broker: () => BrokerProcess, lost: string) {
    this.#broker = broker
    this.#lost = lost
    this.#hasty = connectTo(broker().bootstrap, 0)
    this.#patient = connectTo(broker().bootstrap, 60_000)
    const producer = new Producer(this.#hasty)
    this.#writers = Array.from(
      { length: PARTITIONS },
      (_, partition) => new NumberedWriter(`w${partition}`, partition, senderTo(TOPIC, producer)),
    )
  }

  /** The answer is which partitions were lost. */
  async run(lose: () => void): Promise<ReadonlySet<number>> {
    await createTopic(this.#hasty, {
      name: TOPIC,
      partitions: PARTITIONS,
      replicationFactor: 1,
      configs: {},
    })
    for (let batch = 0; batch < BATCHES; batch++)
      for (const writer of this.#writers)
        if (!(await writer.sendNext()))
          this.violations.push(`${writer.name}: ${writer.lastOutcome} when all was well`)
    const gone = await this.#partitionsOf(this.#lost)
    this.lines.push(`partitions ${[...gone].join(', ')} of ${PARTITIONS} lie in the directory that is lost`)
    if (gone.size === 0 || gone.size === PARTITIONS) this.violations.push('the partitions are not spread')
    lose()
    await this.#noticed(gone)
    await this.#whileLost(gone)
    return gone
  }

  /** Writes to the lost partitions until each says that its storage is gone. */
  async #noticed(gone: ReadonlySet<number>): Promise<void> {
    for (const writer of this.#writers.filter(({ partition }) => gone.has(partition)))
      await until(`partition ${writer.partition} is refused`, WAIT_MS, async () => {
        // A full segment needs a new file, which a directory that is gone cannot give.
        for (let batch = 0; batch < 200; batch++) if (!(await writer.sendNext())) return true
        return null
      })
  }

  async #whileLost(gone: ReadonlySet<number>): Promise<void> {
    for (const writer of this.#writers) {
      await writer.sendNext()
      const expected = gone.has(writer.partition) ? 'KAFKA_STORAGE_ERROR' : 'OK'
      if (writer.lastOutcome !== expected)
        this.violations.push(`partition ${writer.partition}: ${writer.lastOutcome} instead of ${expected}`)
    }
    const reading = this.#hasty
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const outcome = await outcomeOf(readPartition(reading, TOPIC, partition, 0, () => {}))
      if ((outcome === 'OK') === gone.has(partition))
        this.violations.push(`reading partition ${partition} came to ${outcome}`)
    }
    for (const { logDir, errorCode } of await this.#directories()) {
      const expected = logDir === this.#lost ? OFFLINE : 0
      if (errorCode !== expected)
        this.violations.push(`DescribeLogDirs says ${errorCode} of ${logDir} instead of ${expected}`)
    }
    const created = await outcomeOf(
      createTopic(this.#hasty, { name: 'newcomer', partitions: 2, replicationFactor: 1, configs: {} }),
    )
    const served = await outcomeOf(
      new Producer(this.#patient).send('newcomer', [{ value: Buffer.from('x') }]),
    )
    if (created !== 'OK' || served !== 'OK')
      this.violations.push(`a new topic came to ${created}, a record for it to ${served}`)
    if (this.#broker().process.exitCode !== null) this.violations.push('the broker ended')
    this.lines.push(
      'lost: its partitions answer 56, the others and new topics are served, DescribeLogDirs shows it',
    )
  }

  /** Started with one directory only: what is in the other is offline, and not empty. */
  async restartedWithout(gone: ReadonlySet<number>): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const outcome = await outcomeOf(readPartition(this.#hasty, TOPIC, partition, 0, () => {}))
      const expected = gone.has(partition) ? 'KAFKA_STORAGE_ERROR' : 'OK'
      if (outcome !== expected)
        this.violations.push(`partition ${partition} after a restart without the directory: ${outcome}`)
    }
    for (const writer of this.#writers.filter(({ partition }) => gone.has(partition)))
      if ((await writer.sendNext()) || writer.lastOutcome !== 'KAFKA_STORAGE_ERROR')
        this.violations.push(`a record for lost partition ${writer.partition} came to ${writer.lastOutcome}`)
    this.lines.push('restarted without it: its partitions answer 56, the others are served')
  }

  /** With both directories again. */
  async restarted(): Promise<void> {
    const topics = await describeTopics(this.#patient, null)
    const whole = topics.find(({ name }) => name === TOPIC)?.partitions ?? []
    if (whole.length !== PARTITIONS || whole.some(({ leaderId }) => leaderId < 0))
      this.violations.push('not every partition has a leader after the restart')
    let records = 0
    for (const writer of this.#writers) {
      await readPartition(this.#patient, TOPIC, writer.partition, 0, (value) => {
        const parsed = parseNumbered(value)
        if (parsed?.name === writer.name) writer.saw(parsed.number, this.violations)
        else this.violations.push(`partition ${writer.partition} holds what nobody sent`)
        records++
      })
      writer.judge(this.violations)
      if (!(await writer.sendNext()))
        this.violations.push(`partition ${writer.partition}: ${writer.lastOutcome} after the restart`)
    }
    for (const { logDir, errorCode } of await this.#directories())
      if (errorCode !== 0) this.violations.push(`${logDir} is still said to have failed after the restart`)
    this.lines.push(`found again: ${records} records, every acknowledged one among them`)
    await this.#hasty.close()
    await this.#patient.close()
  }

  async #directories(): Promise<DescribeLogDirsResponse['results']> {
    return (await this.#patient.request(null, describeLogDirs, { topics: null })).results
  }

  async #partitionsOf(path: string): Promise<Set<number>> {
    const directory = (await this.#directories()).find(({ logDir }) => logDir === path)
    const topic = directory?.topics.find(({ name }) => name === TOPIC)
    return new Set(topic?.partitions.map(({ partitionIndex }) => partitionIndex))
  }
}

/** @param how a disk whose power is cut, which needs root, or a folder that is moved away. */
export async function runMultiDirectory(how: 'disk' | 'rename'): Promise<MultiDirectoryReport> {
  const losable = how === 'disk' ? diskWithoutPower() : folderMovedAway()
  const kept = mkdtempSync(join(tmpdir(), 'sluice-kept-'))
  const place = { dataDirectory: kept, arguments: ['--data-dir', losable.path], settings: SETTINGS }
  let broker = await startBroker(place)
  const { port } = broker
  try {
    const run = new MultiDirectoryRun(() => broker, losable.path)
    const gone = await run.run(() => losable.lose())
    await broker.kill('SIGTERM')
    const said = broker.errors()
    const bug = said.indexOf('a request failed by a bug')
    if (bug >= 0) run.violations.push(`a bug: ${said.slice(bug, bug + 2_000)}`)
    broker = await startBroker({ ...place, port })
    await run.restartedWithout(gone)
    await broker.kill('SIGTERM')
    losable.find()
    broker = await startBroker({ ...place, port })
    await run.restarted()
    return { lines: run.lines, violations: run.violations }
  } finally {
    await broker.kill('SIGKILL')
    losable.remove()
    rmSync(kept, { recursive: true, force: true })
  }
}

if (isProgram(import.meta.url)) {
  const how = process.argv.includes('--rename') ? 'rename' : 'disk'
  const problem = how === 'disk' ? whyNoDisks() : null
  if (problem !== null) {
    console.log(`no disk can be lost here: ${problem}`)
    process.exit(2)
  }
  const report = await runMultiDirectory(how)
  for (const line of report.lines) console.log(line)
  conclude(report.violations, 'one directory was lost, and nothing else')
}
