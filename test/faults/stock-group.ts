/**
 * A consumer group of stock kafkajs members, and the judge of what it was handed and what it committed.
 *
 * Every record must be the one that the log holds at that offset in the end: one that is not was read above the high
 * watermark. A member begins where the group has committed, never before an acknowledged commit and never beyond what some
 * member was handed, and goes on without a gap. Being handed a record twice after a rebalance is no fault.
 *
 * kafkajs looks its coordinator up only when it joins. When that one is gone it retries five times, gives up (CRASH), and
 * starts anew by itself; where it does not, whoever runs it starts a new consumer, and so does this. It may also stand
 * still for ever, without a word: a batch that comes in while its only worker ends an error is never looked at
 * (`consumer/worker.js`; seen when the leader of a fetch had just come back). Such a consumer is replaced too, and counted.
 */
import type { Consumer, Kafka } from 'kafkajs'
import { describeGroup } from '../../src/client/admin-groups.ts'
import type { Cluster } from '../../src/client/cluster.ts'
import { committedOffsets } from '../../src/client/consumer.ts'
import { labelOf } from './numbered-writer.ts'
import { until } from './script.ts'
import { disconnected } from './stock-client.ts'
import type { WrittenTopic } from './written-topic.ts'

const CATCH_UP_MS_MAX = 120_000
/** A consumer that fetches nothing for so long stands still: longer than its session, and than any request may take. */
const STILL_MS_MAX = 20_000
const NO_COMMIT = -1

export type HandOver = 'batches' | 'messages'

interface Handed {
  readonly offset: string
  readonly value: Buffer | null
}

/** What an error of kafkajs comes down to, without names and numbers that differ each time. */
function kindOf(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error
  const type =
    'type' in cause && typeof cause.type === 'string' ? cause.type : cause.message.replace(/[\d.:]{4,}/g, '…')
  return error === cause ? `${error.name} (${type})` : `${error.name} of ${cause.name} (${type})`
}

export class StockGroup {
  readonly name: string
  readonly #kafka: Kafka
  readonly #topic: WrittenTopic
  readonly #handOver: HandOver
  readonly #members = new Map<number, Consumer>()
  /** When each was last seen to do anything, by a clock of its own. */
  readonly #seenMs = new Map<number, number>()
  /** By partition, by offset: what was handed over first. */
  readonly #labels: readonly string[][]
  /** By partition: the newest commit that was acknowledged; -1 none, as the cluster answers then. */
  readonly #acknowledged: number[]
  readonly #violations: string[] = []
  readonly #starting = new Set<Promise<void>>()
  #isEnded = false
  #deliveries = 0
  #commits = 0
  #joins = 0
  /** How often kafkajs gave up, by why. */
  readonly #crashes = new Map<string, number>()
  #replacements = 0
  #standstills = 0

  constructor(name: string, kafka: Kafka, topic: WrittenTopic, handOver: HandOver) {
    this.name = name
    this.#kafka = kafka
    this.#topic = topic
    this.#handOver = handOver
    this.#labels = Array.from({ length: topic.partitions }, () => [])
    this.#acknowledged = Array.from({ length: topic.partitions }, () => NO_COMMIT)
  }

  get summary(): string {
    const crashes = [...this.#crashes].map(([why, count]) => `${count} × ${why}`).join(', ') || 'none'
    return `${this.name}: ${this.#deliveries} handed over, ${this.#commits} commits, ${this.#joins} joins, ${this.#replacements} consumers replaced (${this.#standstills} stood still), crashes of kafkajs: ${crashes}`
  }

  async start(members: number): Promise<void> {
    for (let member = 0; member < members; member++) await this.#startMember(member)
  }

  /**
   * While nobody writes: waits until the group has committed all that `topic` holds, and judges.
   *
   * Throws when it does not get there.
   */
  async compare(cluster: Cluster, violations: string[]): Promise<void> {
    let offsets: readonly number[] = []
    await until(`${this.name} at the end of ${this.#topic.name}`, CATCH_UP_MS_MAX, async () => {
      this.#replaceWhoStandsStill()
      offsets = await this.#committed(cluster, violations)
      const isThere = offsets.every((offset, partition) => offset === this.#topic.endOf(partition))
      return isThere || violations.length > 0 ? true : null
    }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}; ${await this.#standing(cluster, offsets)}`)
    })
    violations.push(...this.#violations.splice(0))
    for (const [partition, labels] of this.#labels.entries())
      for (const [offset, label] of labels.entries())
        if (label !== this.#topic.labelAt(partition, offset)) {
          const held = this.#topic.labelAt(partition, offset)
          violations.push(`${this.name} read ${label} at ${partition}:${offset}; the log holds ${held}`)
        }
  }

  async close(): Promise<void> {
    this.#isEnded = true
    await Promise.all(this.#starting)
    await Promise.all([...this.#members.values()].map((member) => disconnected(member)))
  }

  async #committed(cluster: Cluster, violations: string[]): Promise<number[]> {
    const wanted = this.#acknowledged.map((_, partition) => ({ topic: this.#topic.name, partition }))
    // Acknowledged before the question was put.
    const acknowledged = [...this.#acknowledged]
    const answer = await committedOffsets(cluster, this.name, wanted)
    return acknowledged.map((least, partition) => {
      const offset = answer.find((one) => one.partition === partition)?.offset ?? NO_COMMIT
      if (offset < least)
        violations.push(`${this.name} has ${offset} of partition ${partition}; ${least} was acknowledged`)
      return Math.max(0, offset)
    })
  }

  /** For whoever has to find out why the group does not get to the end. */
  async #standing(cluster: Cluster, committed: readonly number[]): Promise<string> {
    const { state, memberCount, offsets } = await describeGroup(cluster, this.name)
    const owned = offsets.map(({ partition, memberId }) => `${partition} by ${memberId ?? 'nobody'}`)
    const partitions = this.#labels.map(
      (labels, partition) =>
        `${partition}: committed ${committed[partition]}, handed over ${labels.length}, ends at ${this.#topic.endOf(partition)}`,
    )
    return `${partitions.join('; ')}; the group is ${state} with ${memberCount} members, ${owned.join(', ')}; ${this.summary}`
  }

  async #startMember(member: number): Promise<void> {
    const consumer = this.#kafka.consumer({
      groupId: this.name,
      maxWaitTimeInMs: 200,
      heartbeatInterval: 500,
      sessionTimeout: 10_000,
      rebalanceTimeout: 10_000,
      // Both bounds of what may be read are looked at: the high watermark, and the last stable offset.
      readUncommitted: this.#handOver === 'messages',
    })
    this.#members.set(member, consumer)
    const seen = (): void => {
      this.#seenMs.set(member, performance.now())
    }
    seen()
    for (const event of [consumer.events.FETCH_START, consumer.events.HEARTBEAT, consumer.events.CRASH])
      consumer.on(event, seen)
    /** Where this member stands since it last joined, by partition. */
    const positions = new Map<number, number>()
    consumer.on(consumer.events.GROUP_JOIN, () => {
      this.#joins++
      positions.clear()
    })
    consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
      for (const { partitions } of payload.topics)
        for (const { partition, offset } of partitions) this.#acknowledge(Number(partition), Number(offset))
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      const why = kindOf(payload.error)
      this.#crashes.set(why, (this.#crashes.get(why) ?? 0) + 1)
      if (!payload.restart && !this.#isEnded) this.#replace(member)
    })
    const take = (partition: number, messages: readonly Handed[]): void => {
      for (const message of messages) this.#take(positions, partition, message)
    }
    await consumer.connect()
    await consumer.subscribe({ topics: [this.#topic.name], fromBeginning: true })
    await consumer.run(
      this.#handOver === 'batches'
        ? { eachBatch: async ({ batch }) => take(batch.partition, batch.messages) }
        : { eachMessage: async ({ partition, message }) => take(partition, [message]) },
    )
  }

  #replaceWhoStandsStill(): void {
    for (const [member, consumer] of this.#members) {
      if (performance.now() - (this.#seenMs.get(member) ?? 0) < STILL_MS_MAX) continue
      this.#standstills++
      void disconnected(consumer)
      this.#replace(member)
    }
  }

  #replace(member: number): void {
    this.#replacements++
    const started = this.#startMember(member).catch((error: unknown) => {
      this.#violations.push(`${this.name} gets no new consumer: ${String(error)}`)
    })
    this.#starting.add(started)
    void started.then(() => this.#starting.delete(started))
  }

  #acknowledge(partition: number, offset: number): void {
    this.#commits++
    this.#acknowledged[partition] = Math.max(this.#acknowledged[partition] ?? NO_COMMIT, offset)
  }

  #take(positions: Map<number, number>, partition: number, { offset: text, value }: Handed): void {
    const offset = Number(text)
    const labels = this.#labels[partition] ?? []
    const position = positions.get(partition)
    const least = this.#acknowledged[partition] ?? NO_COMMIT
    if (position === undefined && (offset < least || offset > labels.length))
      this.#violations.push(
        `${this.name} begins at ${partition}:${offset}; committed ${least}, handed over ${labels.length}`,
      )
    if (position !== undefined && offset !== position)
      this.#violations.push(`${this.name} was handed ${partition}:${offset} where ${position} was due`)
    positions.set(partition, offset + 1)
    this.#deliveries++
    const label = labelOf(value)
    const known = labels[offset]
    if (known === undefined) labels[offset] = label
    else if (known !== label)
      this.#violations.push(`${this.name} was handed ${known} and ${label} at ${partition}:${offset}`)
  }
}
