/**
 * Keeps a broker busy in every way that promises something, and holds it to its promises after a crash.
 *
 * Loops write records, make and delete topics, commit offsets; each remembers what was acknowledged. `compare`
 * stops them all, reads what the broker has now and tells every promise that it broke.
 */
import { moveOffsets } from '../../src/client/admin-groups.ts'
import { createTopic, deleteTopic, describeTopics } from '../../src/client/admin-topics.ts'
import type { Cluster } from '../../src/client/cluster.ts'
import { committedOffsets } from '../../src/client/consumer.ts'
import { Producer } from '../../src/client/producer.ts'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.ts'
import { Gate } from './gate.ts'
import { NumberedWriter, senderTo } from './numbered-writer.ts'
import { pause } from './script.ts'
import { connectTo, outcomeOf } from './test-client.ts'
import { WrittenTopic } from './written-topic.ts'

export const LEDGER_TOPIC = 'ledger'
export const LEDGER_PARTITIONS = 4
const TOPIC = LEDGER_TOPIC
const PARTITIONS = LEDGER_PARTITIONS
const WRITERS = 8
const GROUPS = 3
const LOOPS = WRITERS + GROUPS + 1

interface CommittingGroup {
  readonly name: string
  sent: number
  acknowledged: number
}

export class ClusterLedger {
  readonly #patient: Cluster
  readonly #hasty: Cluster
  readonly #gate = new Gate(LOOPS)
  readonly #writers: NumberedWriter[] = []
  readonly #groups: CommittingGroup[] = []
  readonly #loops: Promise<void>[] = []
  readonly #topicsMade = new Set<string>()
  readonly #topicsGone = new Set<string>()
  readonly #producerIds = new Set<bigint>()
  readonly #topic = new WrittenTopic(TOPIC, PARTITIONS, this.#writers)
  /** What clients threw that is no answer of a broker. */
  readonly #surprises: string[] = []
  /** With what sends failed although they were retried. */
  readonly errorsOfPatient: string[] = []
  #topicsTried = 0

  readonly #replicas: number

  private constructor(bootstrap: string, replicas: number, requestTimeoutMs: number) {
    this.#replicas = replicas
    this.#patient = connectTo(bootstrap, 120_000, requestTimeoutMs)
    this.#hasty = connectTo(bootstrap, 0, requestTimeoutMs)
  }

  /**
   * Makes the topic, with as many replicas of everything, and starts the load.
   *
   * @param requestTimeoutMs after which a client gives a connection up: short where the network loses packets.
   */
  static async open(bootstrap: string, replicas = 1, requestTimeoutMs = 60_000): Promise<ClusterLedger> {
    const ledger = new ClusterLedger(bootstrap, replicas, requestTimeoutMs)
    await createTopic(ledger.#patient, {
      name: TOPIC,
      partitions: PARTITIONS,
      replicationFactor: replicas,
      configs: { 'min.insync.replicas': String(Math.min(2, replicas)) },
    })
    for (let index = 0; index < WRITERS; index++) {
      const idempotent = index % 2 === 0
      // A writer that is not idempotent does not retry either: then nothing may stand twice.
      const producer = new Producer(idempotent ? ledger.#patient : ledger.#hasty, { idempotent })
      const writer = new NumberedWriter(`w${index}`, (index >> 1) % PARTITIONS, senderTo(TOPIC, producer))
      ledger.#writers.push(writer)
      ledger.#loops.push(
        ledger.#loop(async () => {
          const isSent = await writer.sendNext()
          if (idempotent && !isSent) ledger.errorsOfPatient.push(`${writer.lastOutcome} at ${writer.name}`)
          return isSent
        }),
      )
    }
    for (let index = 0; index < GROUPS; index++) {
      const group = { name: `group-${index}`, sent: 0, acknowledged: -1 }
      ledger.#groups.push(group)
      ledger.#loops.push(ledger.#loop(() => ledger.#commit(group)))
    }
    ledger.#loops.push(ledger.#loop(() => ledger.#changeTopics()))
    return ledger
  }

  summary(): string {
    const records = this.#writers.reduce((sum, writer) => sum + writer.acknowledgedCount, 0)
    const commits = this.#groups.reduce((sum, group) => sum + group.acknowledged + 1, 0)
    return `${records} records, ${commits} commits, ${this.#topicsMade.size} topics and ${this.#topicsGone.size} deletions acknowledged`
  }

  /** Stops the load and compares, once all is `settled`; it stays stopped until `resume`. */
  async compare(
    violations: string[],
    settled: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> {
    await this.#gate.close()
    await settled()
    violations.push(...this.#surprises.splice(0))
    await this.#topic.compare(this.#patient, violations)
    await this.#compareGroups(violations)
    await this.#compareTopics(violations)
    await this.#compareProducerIds(violations)
  }

  resume(): void {
    this.#gate.open()
  }

  /** Ends the load, and compares once more, this time with all that was ever read. */
  async close(violations: string[]): Promise<void> {
    await this.compare(violations)
    this.#gate.end()
    await Promise.all(this.#loops)
    await this.#topic.readAgain(this.#patient, violations)
    await this.#patient.close()
    await this.#hasty.close()
  }

  async #loop(round: () => Promise<boolean>): Promise<void> {
    while (await this.#gate.pass()) {
      try {
        if (!(await round())) await pause(20)
      } catch (error) {
        this.#surprises.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
        await pause(20)
      }
    }
  }

  async #commit(group: CommittingGroup): Promise<boolean> {
    const offset = group.sent++
    const done =
      (await outcomeOf(moveOffsets(this.#hasty, group.name, [{ topic: TOPIC, partition: 0, offset }]))) ===
      'OK'
    if (done) group.acknowledged = offset
    else this.#hasty.forgetCoordinator(group.name)
    return done
  }

  /** Makes a topic; deletes an older one every third time. */
  async #changeTopics(): Promise<boolean> {
    const number = this.#topicsTried++
    const name = `made-${number}`
    const config = { 'retention.ms': String(86_400_000 + number) }
    const isMade =
      (await outcomeOf(
        createTopic(this.#hasty, {
          name,
          partitions: 2,
          replicationFactor: this.#replicas,
          configs: config,
        }),
      )) === 'OK'
    if (isMade) this.#topicsMade.add(name)
    const [oldest] = this.#topicsMade
    if (number % 3 === 0 && oldest !== undefined) {
      this.#topicsMade.delete(oldest)
      if ((await outcomeOf(deleteTopic(this.#hasty, oldest))) === 'OK') this.#topicsGone.add(oldest)
    }
    await pause(20)
    return isMade
  }

  async #compareGroups(violations: string[]): Promise<void> {
    for (const group of this.#groups) {
      const [committed] = await committedOffsets(this.#patient, group.name, [{ topic: TOPIC, partition: 0 }])
      const offset = committed?.offset ?? -1
      if (offset < group.acknowledged || offset >= group.sent)
        violations.push(
          `${group.name} has ${offset}; ${group.acknowledged} was acknowledged, ${group.sent - 1} sent`,
        )
    }
  }

  async #compareTopics(violations: string[]): Promise<void> {
    const present = new Map((await describeTopics(this.#patient, null)).map((topic) => [topic.name, topic]))
    for (const name of this.#topicsMade) {
      const topic = present.get(name)
      if (topic === undefined) violations.push(`topic ${name} is gone`)
      else if (topic.partitions.length !== 2 || topic.partitions.some((one) => one.leaderId < 0))
        violations.push(`topic ${name} is not whole: ${JSON.stringify(topic.partitions)}`)
    }
    for (const name of this.#topicsGone)
      if (present.has(name)) violations.push(`topic ${name} is back after its deletion`)
    const newest = [...this.#topicsMade].at(-1)
    if (newest !== undefined)
      await new Producer(this.#patient).send(newest, [{ partition: 1, value: Buffer.from('served') }])
  }

  async #compareProducerIds(violations: string[]): Promise<void> {
    const answer = await this.#patient.retrying(() =>
      this.#patient.request(null, initProducerId, { transactionalId: null, transactionTimeoutMs: 0 }),
    )
    if (answer.errorCode !== 0 || this.#producerIds.has(answer.producerId))
      violations.push(`producer id ${answer.producerId} (error ${answer.errorCode}) was handed out before`)
    this.#producerIds.add(answer.producerId)
  }
}
