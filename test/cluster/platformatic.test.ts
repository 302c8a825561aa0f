/**
 * @platformatic/kafka against a running broker: the client that speaks the newest, flexible versions where kafkajs
 * speaks the oldest ones. Produce with its codecs, streams in groups, administration.
 */
import {
  Admin,
  type CompressionAlgorithmValue,
  Consumer,
  type ConsumerOptions,
  type Message,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { Inbox, unique } from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'
import { batchesOf, createTopic } from './raw-requests.ts'

type TextConsumer = Consumer<string, string, string, string>
type TextMessage = Message<string, string, string, string>

let broker: BrokerProcess
let admin: Admin
let producer: Producer<string, string, string, string>
let raw: RawConnection

beforeAll(async () => {
  broker = await startBroker()
  const options = { clientId: 'modern', bootstrapBrokers: [broker.bootstrap] }
  admin = new Admin(options)
  producer = new Producer({ ...options, serializers: stringSerializers })
  raw = await RawConnection.open(broker.port)
})

afterAll(async () => {
  raw.close()
  await Promise.all([admin.close(), producer.close()])
  await broker.close()
})

async function newTopic(partitions = 1): Promise<string> {
  const topic = unique('modern')
  await createTopic(raw, topic, partitions)
  return topic
}

function consumerOf(
  groupId: string,
  options: Partial<ConsumerOptions<string, string, string, string>> = {},
): TextConsumer {
  return new Consumer({
    clientId: 'modern',
    bootstrapBrokers: [broker.bootstrap],
    groupId,
    deserializers: stringDeserializers,
    maxWaitTime: 100,
    sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
    heartbeatInterval: 200,
    ...options,
  } as ConsumerOptions<string, string, string, string>)
}

async function streamInto(
  consumer: TextConsumer,
  topic: string,
  inbox: Inbox<TextMessage>,
  autocommit = true,
) {
  const stream = await consumer.consume({
    topics: [topic],
    autocommit,
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: 'earliest',
  })
  stream.on('data', (message: TextMessage) => inbox.push(message))
  stream.on('error', () => {})
  return stream
}

async function readTopic(topic: string, count: number): Promise<TextMessage[]> {
  const consumer = consumerOf(unique('reader'))
  const inbox = new Inbox<TextMessage>()
  await streamInto(consumer, topic, inbox)
  await inbox.count(count)
  await consumer.close(true)
  return inbox.all
}

test.each<CompressionAlgorithmValue>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
  'produce and stream: %s',
  async (compression) => {
    const topic = await newTopic()
    const values = Array.from({ length: 50 }, (_, index) => `message ${index} ${'x'.repeat(index)}`)
    const produced = await producer.send({
      compression,
      acks: -1,
      messages: values.map((value) => ({ topic, key: 'k', value, headers: { codec: compression } })),
    })
    expect(produced.offsets).toEqual([{ topic, partition: 0, offset: 0n }])
    const [batch] = await batchesOf(raw, topic)
    expect((batch?.header.attributes ?? 0) & 7).toBe(
      ['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(compression),
    )
    const read = await readTopic(topic, values.length)
    expect(read.map(({ value }) => value)).toEqual(values)
    expect(read[0]).toMatchObject({ key: 'k', offset: 0n, partition: 0, topic })
    expect([...(read[0]?.headers ?? new Map())]).toEqual([['codec', compression]])
  },
)

test('acks 0 and 1, and an idempotent producer', async () => {
  const topic = await newTopic()
  await producer.send({ acks: 0, messages: [{ topic, value: 'none' }] })
  await producer.send({ acks: 1, messages: [{ topic, value: 'leader' }] })
  const idempotent = new Producer({
    clientId: 'once',
    bootstrapBrokers: [broker.bootstrap],
    serializers: stringSerializers,
    idempotent: true,
  })
  await idempotent.send({ messages: [{ topic, value: 'once' }] })
  await idempotent.close()
  expect((await readTopic(topic, 3)).map(({ value }) => value)).toEqual(['none', 'leader', 'once'])
})

test('a topic is made on its first message', async () => {
  const topic = unique('modern-auto')
  const produced = await producer.send({ autocreateTopics: true, messages: [{ topic, value: 'first' }] })
  expect(produced.offsets).toEqual([{ topic, partition: 0, offset: 0n }])
})

test('two members share the partitions of a topic, and one takes over all when the other leaves', async () => {
  const topic = await newTopic(4)
  const groupId = unique('modern-group')
  const inbox = new Inbox<TextMessage>()
  const [first, second] = [consumerOf(groupId), consumerOf(groupId)]
  const shares = new Inbox<null>()
  for (const consumer of [first, second]) consumer.on('consumer:group:join', () => shares.push(null))
  const sizes = () =>
    [first, second].map(
      (consumer) => (consumer.assignments ?? []).flatMap(({ partitions }) => partitions).length,
    )
  const send = (from: number) =>
    producer.send({
      messages: Array.from({ length: 8 }, (_, index) => ({
        topic,
        partition: index % 4,
        value: `${from + index}`,
      })),
    })
  await streamInto(first, topic, inbox)
  await shares.until(() => sizes().join() === '4,0')
  await streamInto(second, topic, inbox)
  await shares.until(() => sizes().join() === '2,2')
  await send(0)
  await inbox.until((all) => new Set(all.map(({ value }) => value)).size === 8)
  await first.close(true)
  await shares.until(() => sizes()[1] === 4)
  await send(8)
  await inbox.until((all) => new Set(all.map(({ value }) => value)).size === 16)
  await second.close(true)
})

test('committed offsets: the group goes on where it was, and the administrator sees it', async () => {
  const topic = await newTopic()
  const groupId = unique('modern-commits')
  await producer.send({ messages: ['0', '1', '2', '3'].map((value) => ({ topic, value })) })
  const inbox = new Inbox<TextMessage>()
  const before = consumerOf(groupId)
  await streamInto(before, topic, inbox, false)
  await inbox.count(4)
  await before.commit({ offsets: [{ topic, partition: 0, offset: 3n, leaderEpoch: 0 }] })
  const committed = await before.listCommittedOffsets({ topics: [{ topic, partitions: [0] }] })
  expect(committed.get(topic)).toEqual([3n])
  await before.close(true)
  const [told] = await admin.listConsumerGroupOffsets({ groups: [groupId] })
  expect(told?.topics).toMatchObject([
    { name: topic, partitions: [{ partitionIndex: 0, committedOffset: 3n, committedLeaderEpoch: 0 }] },
  ])
  const after = consumerOf(groupId)
  const rest = new Inbox<TextMessage>()
  await streamInto(after, topic, rest)
  await rest.count(1)
  await after.close(true)
  expect(rest.all.map(({ value }) => value)).toEqual(['3'])
})

test('observed 7: topics are made with counts and settings, listed, grown and deleted', async () => {
  const topic = unique('modern-made')
  const [made] = await admin.createTopics({
    topics: [topic],
    partitions: 2,
    replicas: 1,
    configs: [{ name: 'retention.ms', value: '5000' }],
  })
  expect(made).toMatchObject({ name: topic, partitions: 2, replicas: 1 })
  expect(made?.configuration).toMatchObject({ 'retention.ms': expect.anything() })
  expect(await admin.listTopics()).toContain(topic)
  await admin.createPartitions({ topics: [{ name: topic, count: 3, assignments: null }] })
  const metadata = await admin.metadata({ topics: [topic], forceUpdate: true })
  expect(metadata.topics.get(topic)?.partitionsCount).toBe(3)
  await admin.deleteTopics({ topics: [topic] })
  expect(await admin.listTopics()).not.toContain(topic)
  await expect(admin.deleteTopics({ topics: [topic] })).rejects.toThrow()
})

test('settings are described and changed', async () => {
  const topic = await newTopic()
  const resource = { resourceType: 2, resourceName: topic } as const
  await admin.incrementalAlterConfigs({
    resources: [{ ...resource, configs: [{ name: 'cleanup.policy', configOperation: 0, value: 'compact' }] }],
  })
  const [described] = await admin.describeConfigs({
    resources: [{ ...resource, configurationKeys: ['cleanup.policy'] }],
  })
  expect(described?.configs).toMatchObject([{ name: 'cleanup.policy', value: 'compact' }])
})

test('offsets are listed and records deleted', async () => {
  const topic = await newTopic()
  // Only what the high watermark has passed can be deleted, and this client asks for acks 1 by default.
  await producer.send({ acks: -1, messages: ['a', 'b', 'c'].map((value) => ({ topic, value })) })
  const deleted = await admin.deleteRecords({
    topics: [{ name: topic, partitions: [{ partition: 0, offset: 2n }] }],
  })
  expect(deleted).toEqual([{ name: topic, partitions: [{ partition: 0, lowWatermark: 2n }] }])
  const listed = await admin.listOffsets({
    topics: [
      {
        name: topic,
        partitions: [{ partitionIndex: 0, timestamp: -2n }],
      },
    ],
  })
  expect(listed[0]?.partitions[0]?.offset).toBe(2n)
})

test('groups are listed, described and deleted', async () => {
  const topic = await newTopic()
  const groupId = unique('modern-told')
  const consumer = consumerOf(groupId)
  await streamInto(consumer, topic, new Inbox<TextMessage>())
  expect((await admin.listGroups()).get(groupId)).toMatchObject({
    id: groupId,
    state: 'Stable',
    groupType: 'classic',
  })
  const described = (await admin.describeGroups({ groups: [groupId] })).get(groupId)
  expect(described).toMatchObject({ state: 'Stable', protocolType: 'consumer' })
  expect(described?.members.size).toBe(1)
  await expect(admin.deleteGroups({ groups: [groupId] })).rejects.toThrow()
  await consumer.close(true)
  await admin.deleteGroups({ groups: [groupId] })
  expect((await admin.listGroups()).has(groupId)).toBe(false)
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
