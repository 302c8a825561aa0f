/**
 * kafkajs in groups against a running broker: members come, go and die, offsets are kept, moved and forgotten, and
 * nothing that was committed is lost when the broker stops or is killed.
 */
import kafkajs, { type Admin, type Consumer, type Kafka, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { joinGroup } from '../../src/protocol/messages/join-group.ts'
import { syncGroup } from '../../src/protocol/messages/sync-group.ts'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import {
  consumerOf,
  Inbox,
  kafkaOf,
  nextEvent,
  type Received,
  startConsumer,
  unique,
} from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'
import { createTopic } from './raw-requests.ts'

let broker: BrokerProcess
let kafka: Kafka
let admin: Admin
let producer: Producer
let raw: RawConnection

beforeAll(async () => {
  broker = await startBroker()
  kafka = kafkaOf(broker)
  admin = kafka.admin()
  producer = kafka.producer()
  raw = await RawConnection.open(broker.port)
  await Promise.all([admin.connect(), producer.connect()])
})

afterAll(async () => {
  raw.close()
  await Promise.all([admin.disconnect(), producer.disconnect()])
  await broker.close()
})

/** A topic with so many messages, spread evenly and numbered through. */
async function filledTopic(messages: number, partitions = 1): Promise<string> {
  const topic = unique('groups')
  await createTopic(raw, topic, partitions)
  if (messages > 0) await fill(topic, 0, messages, partitions)
  return topic
}

async function fill(topic: string, from: number, to: number, partitions = 1): Promise<void> {
  const messages = Array.from({ length: to - from }, (_, index) => ({
    partition: (from + index) % partitions,
    value: `${from + index}`,
  }))
  await producer.send({ topic, messages })
}

const numbers = (received: readonly Received[]): number[] =>
  received.map(({ message }) => Number(message.value)).sort((a, b) => a - b)
const upTo = (end: number, from = 0): number[] =>
  Array.from({ length: end - from }, (_, index) => from + index)

interface Joined {
  readonly memberAssignment: Readonly<Record<string, readonly number[]>>
}

/** How many partitions each member has, told when all of a topic's partitions are spread over so many members. */
class Shares {
  readonly #inbox = new Inbox<null>()
  readonly #shares = new Map<Consumer, readonly number[]>()

  watch(consumer: Consumer, topic: string): void {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#shares.set(consumer, (payload as Joined).memberAssignment[topic] ?? [])
      this.#inbox.push(null)
    })
  }

  gone(consumer: Consumer): void {
    this.#shares.delete(consumer)
  }

  async spread(partitions: number, sizes: readonly number[]): Promise<void> {
    const wanted = upTo(partitions).join()
    await this.#inbox.until(() => {
      const all = [...this.#shares.values()]
      return (
        all
          .flat()
          .sort((a, b) => a - b)
          .join() === wanted &&
        all
          .map((share) => share.length)
          .sort()
          .join() === [...sizes].sort().join()
      )
    })
  }
}

test.concurrent('a group grows from one member to three and shrinks to two, and every message is handed out', async () => {
  const topic = await filledTopic(30, 6)
  const groupId = unique('growing')
  const shares = new Shares()
  const inbox = new Inbox()
  const start = async (): Promise<Consumer> => {
    const consumer = consumerOf(kafka, groupId)
    shares.watch(consumer, topic)
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({ eachMessage: async (received) => inbox.push(received) })
    return consumer
  }
  const first = await start()
  await shares.spread(6, [6])
  const others = await Promise.all([start(), start()])
  await shares.spread(6, [2, 2, 2])
  await fill(topic, 30, 60, 6)
  await inbox.until((all) => new Set(numbers(all)).size === 60)
  shares.gone(first)
  await first.disconnect()
  await shares.spread(6, [3, 3])
  await fill(topic, 60, 90, 6)
  await inbox.until((all) => new Set(numbers(all)).size === 90)
  await Promise.all(others.map((consumer) => consumer.disconnect()))
  expect([...new Set(numbers(inbox.all))]).toEqual(upTo(90))
})

test.concurrent('a consumer that comes back goes on behind what the group committed', async () => {
  const topic = await filledTopic(10)
  const groupId = unique('resuming')
  const before = await startConsumer(kafka, groupId, [topic])
  await before.inbox.count(10)
  await before.consumer.disconnect()
  await fill(topic, 10, 15)
  const after = await startConsumer(kafka, groupId, [topic])
  await after.inbox.count(5)
  await after.consumer.disconnect()
  expect(numbers(after.inbox.all)).toEqual(upTo(15, 10))
})

describe('a restart of the broker', () => {
  test.concurrent.each(['SIGTERM', 'SIGKILL'] as const)(
    '%s: offsets and messages are there again',
    async (signal) => {
      const first = await startBroker()
      const client = kafkaOf(first)
      const writer = client.producer()
      await writer.connect()
      const topic = unique('kept')
      const send = (from: number, to: number) =>
        writer.send({ topic, messages: upTo(to, from).map((number) => ({ value: `${number}` })) })
      await send(0, 10)
      const before = await startConsumer(client, 'kept', [topic])
      await before.inbox.count(10)
      await before.consumer.disconnect()
      await send(10, 15)
      await first.kill(signal)
      const second = await startBroker({ dataDirectory: first.dataDirectory, port: first.port })
      await send(15, 20)
      const after = await startConsumer(client, 'kept', [topic])
      await after.inbox.count(10)
      await Promise.all([after.consumer.disconnect(), writer.disconnect()])
      expect(numbers(after.inbox.all)).toEqual(upTo(20, 10))
      expect(second.errors()).not.toContain('a request failed by a bug')
      await second.kill('SIGTERM')
      await first.close()
    },
  )

  test.concurrent('a running consumer takes part again by itself', async () => {
    const first = await startBroker()
    const client = kafkaOf(first)
    const writer = client.producer()
    await writer.connect()
    await writer.send({ topic: 'live', messages: [{ value: '0' }] })
    const { consumer, inbox } = await startConsumer(client, 'live', ['live'])
    await inbox.count(1)
    await first.kill('SIGKILL')
    const second = await startBroker({ dataDirectory: first.dataDirectory, port: first.port })
    await writer.send({ topic: 'live', messages: [{ value: '1' }] })
    await inbox.until((all) => new Set(numbers(all)).size === 2)
    await Promise.all([consumer.disconnect(), writer.disconnect()])
    await second.kill('SIGTERM')
    await first.close()
  })
})

test.concurrent('manual commits: what was not committed comes again', async () => {
  const topic = await filledTopic(10)
  const groupId = unique('manual')
  const inbox = new Inbox()
  const first = consumerOf(kafka, groupId)
  await first.connect()
  await first.subscribe({ topics: [topic], fromBeginning: true })
  await first.run({ autoCommit: false, eachMessage: async (received) => inbox.push(received) })
  await inbox.count(10)
  await first.commitOffsets([{ topic, partition: 0, offset: '4', metadata: 'by hand' }])
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
  expect(committed).toEqual({ topic, partitions: [{ partition: 0, offset: '4', metadata: 'by hand' }] })
  await first.disconnect()
  const again = await startConsumer(kafka, groupId, [topic])
  await again.inbox.count(6)
  await again.consumer.disconnect()
  expect(numbers(again.inbox.all)).toEqual(upTo(10, 4))
})

test.concurrent('seek moves a consumer back and forth', async () => {
  const topic = await filledTopic(10)
  const { consumer, inbox } = await startConsumer(kafka, unique('seeking'), [topic])
  await inbox.count(10)
  consumer.seek({ topic, partition: 0, offset: '7' })
  await inbox.count(13)
  await consumer.disconnect()
  expect(inbox.all.slice(10).map(({ message }) => message.offset)).toEqual(['7', '8', '9'])
})

test.concurrent('a seek out of range falls back to the start or the end', async () => {
  const topic = await filledTopic(3)
  const { consumer, inbox } = await startConsumer(kafka, unique('lost'), [topic], { fromBeginning: true })
  await inbox.count(3)
  consumer.seek({ topic, partition: 0, offset: '1000' })
  await inbox.count(6)
  await consumer.disconnect()
  expect(inbox.all.slice(3).map(({ message }) => message.offset)).toEqual(['0', '1', '2'])
})

test.concurrent('a paused topic hands out nothing until it is resumed', async () => {
  const [held, flowing] = [await filledTopic(0), await filledTopic(0)]
  const { consumer, inbox, joined } = await startConsumer(kafka, unique('paused'), [held, flowing])
  await joined
  consumer.pause([{ topic: held }])
  await fill(held, 0, 2)
  await fill(flowing, 0, 3)
  await inbox.count(3)
  const fetched = nextEvent<{ numberOfBatches: number }>(consumer, 'FETCH')
  await fetched
  expect(inbox.all.every(({ topic }) => topic === flowing)).toBe(true)
  consumer.resume([{ topic: held }])
  await inbox.count(5)
  await consumer.disconnect()
  expect(inbox.all.filter(({ topic }) => topic === held).length).toBe(2)
})

test.concurrent('without fromBeginning a new group sees only what comes after it', async () => {
  const topic = await filledTopic(5)
  const { consumer, inbox } = await startConsumer(kafka, unique('late'), [topic], { fromBeginning: false })
  // The place is looked up at the first fetch: only what is written behind it can be counted on.
  await nextEvent(consumer, 'FETCH')
  await fill(topic, 5, 8)
  await inbox.count(3)
  await consumer.disconnect()
  expect(numbers(inbox.all)).toEqual([5, 6, 7])
})

test.concurrent('several topics in one group, and two groups over one topic', async () => {
  const topics = [await filledTopic(6, 2), await filledTopic(9, 3)]
  const [one, two] = await Promise.all([
    startConsumer(kafka, unique('one'), topics),
    startConsumer(kafka, unique('two'), topics),
  ])
  await Promise.all([one.inbox.count(15), two.inbox.count(15)])
  await Promise.all([one.consumer.disconnect(), two.consumer.disconnect()])
  for (const { inbox } of [one, two]) {
    expect(numbers(inbox.all.filter(({ topic }) => topic === topics[0]))).toEqual(upTo(6))
    expect(numbers(inbox.all.filter(({ topic }) => topic === topics[1]))).toEqual(upTo(9))
  }
})

test.concurrent('eachBatch: whole batches, resolved one message at a time', async () => {
  const topic = await filledTopic(10)
  const groupId = unique('batches')
  const consumer = consumerOf(kafka, groupId)
  const inbox = new Inbox<{ offset: string; highWatermark: string; lag: string }>()
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat, commitOffsetsIfNecessary }) => {
      for (const message of batch.messages.slice(0, 4)) {
        resolveOffset(message.offset)
        inbox.push({ offset: message.offset, highWatermark: batch.highWatermark, lag: batch.offsetLagLow() })
      }
      await heartbeat()
      await commitOffsetsIfNecessary()
    },
  })
  await inbox.count(10)
  await consumer.disconnect()
  expect(inbox.all.map(({ offset }) => offset)).toEqual(upTo(10).map(String))
  expect(inbox.all[0]).toEqual({ offset: '0', highWatermark: '10', lag: '9' })
  expect(await admin.fetchOffsets({ groupId })).toMatchObject([{ partitions: [{ offset: '10' }] }])
})

/** Joins with bare hands, takes its share, and falls silent. */
async function joinAndDie(groupId: string, topic: string): Promise<void> {
  const doomed = await RawConnection.open(broker.port)
  const metadata = kafkajs.AssignerProtocol.MemberMetadata.encode({
    version: 0,
    topics: [topic],
    userData: Buffer.alloc(0),
  })
  const body = {
    groupId,
    sessionTimeoutMs: 6_000,
    rebalanceTimeoutMs: 6_000,
    protocolType: 'consumer',
    protocols: [{ name: 'RoundRobinAssigner', metadata }],
  }
  const { memberId } = await doomed.request(joinGroup, 5, { ...body, memberId: '' })
  const { generationId } = await doomed.request(joinGroup, 5, { ...body, memberId })
  const synced = await doomed.request(syncGroup, 3, { groupId, generationId, memberId, assignments: [] })
  expect(synced.errorCode).toBe(0)
  doomed.close()
}

test.concurrent('a member that dies is given up after its session, and its partitions go to the others', async () => {
  const topic = await filledTopic(0, 4)
  const groupId = unique('dying')
  const shares = new Shares()
  const survivor = await startConsumer(kafka, groupId, [topic])
  await survivor.joined
  shares.watch(survivor.consumer, topic)
  const halved = nextEvent<Joined>(survivor.consumer, 'GROUP_JOIN')
  await joinAndDie(groupId, topic)
  const began = Date.now()
  expect((await halved).memberAssignment[topic]?.length).toBe(2)
  await shares.spread(4, [4])
  expect(Date.now() - began).toBeGreaterThan(5_500)
  await survivor.consumer.disconnect()
})

test.concurrent('observed 13: a group with members cannot be deleted (68), an empty one can', async () => {
  const topic = await filledTopic(1)
  const groupId = unique('deleted')
  const { consumer, inbox } = await startConsumer(kafka, groupId, [topic])
  await inbox.count(1)
  const refused: unknown = await admin.deleteGroups([groupId]).catch((error: unknown) => error)
  expect(refused).toMatchObject({ name: 'KafkaJSDeleteGroupsError', groups: [{ groupId, errorCode: 68 }] })
  await consumer.disconnect()
  expect(await admin.deleteGroups([groupId])).toEqual([{ groupId, errorCode: 0 }])
  expect((await admin.listGroups()).groups.map((group) => group.groupId)).not.toContain(groupId)
  expect(await admin.fetchOffsets({ groupId, topics: [topic] })).toEqual([
    { topic, partitions: [{ partition: 0, offset: '-1', metadata: null }] },
  ])
})

test.concurrent('resetOffsets lets an empty group begin again', async () => {
  const topic = await filledTopic(8)
  const groupId = unique('reset')
  const first = await startConsumer(kafka, groupId, [topic])
  await first.inbox.count(8)
  await first.consumer.disconnect()
  await admin.resetOffsets({ groupId, topic, earliest: true })
  const again = await startConsumer(kafka, groupId, [topic])
  await again.inbox.count(8)
  await again.consumer.disconnect()
  expect(numbers(again.inbox.all)).toEqual(upTo(8))
})

test.concurrent('setOffsets moves a group that never was', async () => {
  const topic = await filledTopic(8)
  const groupId = unique('moved')
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '6' }] })
  const last = await startConsumer(kafka, groupId, [topic])
  await last.inbox.count(2)
  await last.consumer.disconnect()
  expect(numbers(last.inbox.all)).toEqual([6, 7])
})

test.concurrent('describeGroup tells the members and what they hold', async () => {
  const topic = await filledTopic(1, 2)
  const groupId = unique('described')
  const { consumer, inbox } = await startConsumer(kafka, groupId, [topic])
  await inbox.count(1)
  const described = await consumer.describeGroup()
  expect(described).toMatchObject({
    groupId,
    state: 'Stable',
    protocolType: 'consumer',
    protocol: 'RoundRobinAssigner',
    errorCode: 0,
  })
  const [member] = described.members
  expect(member?.clientId).toBe('test')
  expect(member?.memberId.startsWith('test-')).toBe(true)
  const assigned = kafkajs.AssignerProtocol.MemberAssignment.decode(
    member?.memberAssignment ?? Buffer.alloc(0),
  )
  expect(assigned?.assignment).toEqual({ [topic]: [0, 1] })
  await consumer.disconnect()
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
