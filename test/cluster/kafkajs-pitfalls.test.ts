/**
 * The seventeen places where kafkajs trips over brokers, by number: each is met by the broker, since no release of
 * that client will meet it.
 */
import kafkajs, { type Kafka } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addPartitionsToTxn } from '../../src/protocol/messages/add-partitions-to-txn.ts'
import { apiVersions } from '../../src/protocol/messages/api-versions.ts'
import { describeGroups } from '../../src/protocol/messages/describe-groups.ts'
import { fetch } from '../../src/protocol/messages/fetch.ts'
import { findCoordinator } from '../../src/protocol/messages/find-coordinator.ts'
import { apiByKey } from '../../src/protocol/messages/index.ts'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.ts'
import { joinGroup } from '../../src/protocol/messages/join-group.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { produce } from '../../src/protocol/messages/produce.ts'
import { saslHandshake } from '../../src/protocol/messages/sasl-handshake.ts'
import { syncGroup } from '../../src/protocol/messages/sync-group.ts'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { consumerOf, Inbox, kafkaOf, readTopic, startConsumer, unique } from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'
import { batchesIn, batchOf, createTopic, fetchBody, fetchFrom, produceTo, valuesOf } from './raw-requests.ts'

let broker: BrokerProcess
let kafka: Kafka
let raw: RawConnection

beforeAll(async () => {
  broker = await startBroker()
  kafka = kafkaOf(broker)
  raw = await RawConnection.open(broker.port)
})

afterAll(async () => {
  raw.close()
  await broker.close()
})

/** Highest versions that kafkajs 2.2.4 can spell; it asks for them whatever the broker's minimum is. */
const KAFKAJS_MAX: Readonly<Record<number, number>> = {
  0: 7,
  1: 11,
  2: 3,
  3: 6,
  8: 5,
  9: 4,
  10: 2,
  11: 5,
  12: 3,
  13: 3,
  14: 3,
  15: 2,
  16: 2,
  18: 2,
  19: 3,
  20: 1,
  21: 1,
  22: 1,
  32: 2,
  33: 1,
  37: 1,
  42: 1,
}

async function newTopic(configs: Readonly<Record<string, string>> = {}, partitions = 1): Promise<string> {
  const topic = unique('pitfall')
  await createTopic(raw, topic, partitions, configs)
  return topic
}

test('pitfall 1: no minimum is above what kafkajs can speak', async () => {
  const { apiKeys } = await raw.request(apiVersions, 2, {})
  const told = new Map(
    apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { minVersion, maxVersion }]),
  )
  const lost = Object.entries(KAFKAJS_MAX).filter(([key, highest]) => {
    const range = told.get(Number(key))
    return range === undefined || range.minVersion > highest || range.maxVersion < highest
  })
  expect(lost).toEqual([])
})

test('pitfalls 2 and 3: whole batches only, the first always, however few bytes are asked for', async () => {
  const topic = await newTopic()
  for (const value of ['a', 'b', 'c']) await produceTo(raw, topic, batchOf([value.repeat(100)]))
  for (const bytes of [0, 1, 16, 61, 200, 250, 400, 600]) {
    const answer = await fetchFrom(raw, topic, { maxBytes: bytes, partitionMaxBytes: bytes })
    const batches = batchesIn(answer.records)
    expect(batches.length).toBeGreaterThanOrEqual(1)
    expect(answer.records?.length ?? 0).toBeLessThanOrEqual(Math.max(bytes, batches[0]?.sizeBytes ?? 0))
  }
})

test('pitfall 3: only one partition of an answer may exceed the bounds', async () => {
  const topic = await newTopic({}, 2)
  for (const partition of [0, 1]) await produceTo(raw, topic, batchOf(['x'.repeat(500)]), { partition })
  const [asked] = fetchBody(topic).topics
  const partitions = [0, 1].map((partition) => ({ partition, fetchOffset: 0n, partitionMaxBytes: 10 }))
  const answer = await raw.request(fetch, 11, {
    ...fetchBody(topic, { maxBytes: 10 }),
    topics: [{ topic: asked?.topic ?? '', partitions }],
  })
  const sizes = answer.responses[0]?.partitions.map(({ records }) => (records?.length ?? 0) > 0)
  expect(sizes).toEqual([true, false])
})

test('pitfall 3: kafkajs gets over a message that is larger than its maxBytes', async () => {
  const topic = await newTopic()
  await produceTo(raw, topic, batchOf(['x'.repeat(50_000)]))
  await produceTo(raw, topic, batchOf(['small']))
  const bounds = { maxBytes: 1_000, maxBytesPerPartition: 1_000 }
  const { consumer, inbox } = await startConsumer(kafka, unique('over'), [topic], bounds)
  await inbox.count(2)
  await consumer.disconnect()
  expect(inbox.all.map(({ message }) => message.value?.length)).toEqual([50_000, 5])
})

test('pitfall 4: a fetch answer never begins with a batch without records', async () => {
  const topic = await newTopic({ 'cleanup.policy': 'compact' })
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  for (const value of ['1', '2', '3']) await producer.send({ topic, messages: [{ key: 'k', value }] })
  await producer.disconnect()
  for (let offset = 0n; offset < 3n; offset++) {
    const [first] = batchesIn((await fetchFrom(raw, topic, { offset })).records)
    expect(first?.records?.length).toBeGreaterThan(0)
  }
})

test('pitfall 5: a fetch inside a batch brings the whole batch, and kafkajs drops what it has seen', async () => {
  const topic = await newTopic()
  await produceTo(raw, topic, batchOf(['a', 'b', 'c', 'd']))
  const batches = batchesIn((await fetchFrom(raw, topic, { offset: 2n })).records)
  expect(valuesOf(batches)).toEqual(['a', 'b', 'c', 'd'])
  const { consumer, inbox } = await startConsumer(kafka, unique('inside'), [topic])
  await inbox.count(4)
  consumer.seek({ topic, partition: 0, offset: '2' })
  await inbox.count(6)
  await consumer.disconnect()
  expect(inbox.all.slice(4).map(({ message }) => message.value?.toString())).toEqual(['c', 'd'])
})

test('pitfall 6: every batch has a right CRC-32C, and a wrong one is refused', async () => {
  const topic = await newTopic()
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'x' }] })
  await producer.disconnect()
  expect(batchesIn((await fetchFrom(raw, topic)).records).length).toBe(1)
  const damaged = batchOf(['y'])
  damaged[damaged.length - 2] = (damaged[damaged.length - 2] ?? 0) ^ 1
  expect((await produceTo(raw, topic, damaged)).errorCode).toBe(2)
})

test('pitfall 7: old versions are told only codes that kafkajs knows', async () => {
  const topic = await newTopic()
  const byId = await fetchFrom(raw, 'no-such-topic', { version: 11 })
  expect(byId.errorCode).toBe(3)
  const { producerId } = await raw.request(initProducerId, 1, {
    transactionalId: null,
    transactionTimeoutMs: 1,
  })
  const send = (producerEpoch: number, baseSequence: number, version: number) =>
    produceTo(raw, topic, batchOf(['x'], { producerId, producerEpoch, baseSequence }), { version })
  expect((await send(3, 0, 7)).errorCode).toBe(0)
  expect((await send(2, 1, 7)).errorCode).toBe(47)
  expect((await send(3, 7, 7)).errorCode).toBe(45)
})

test('pitfall 8: Metadata answers a topic that it has just made with its leader', async () => {
  const name = unique('just-made')
  const answer = await raw.request(metadata, 6, { topics: [{ name }] })
  expect(answer.topics).toMatchObject([
    { errorCode: 0, name, partitions: [{ errorCode: 0, leaderId: 1, isrNodes: [1] }] },
  ])
  const { consumer, inbox } = await startConsumer(kafka, unique('early'), [unique('not-yet-there')])
  await consumer.disconnect()
  expect(inbox.all).toEqual([])
})

test('pitfall 9: ApiVersions is answered first and at any version', async () => {
  const fresh = await RawConnection.open(broker.port)
  expect((await fresh.request(apiVersions, 0, {})).errorCode).toBe(0)
  const unknown = Buffer.from('0000000f001200630000000500047465737400', 'hex')
  fresh.write(unknown)
  const refused = await fresh.answer(apiVersions, 0, 5)
  expect(refused).toMatchObject({ errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0 }] })
  expect((await fresh.request(apiVersions, 2, {})).errorCode).toBe(0)
  fresh.close()
})

test('pitfall 10: what is not served of SASL is not told, and asking for it ends the connection', async () => {
  const { apiKeys } = await raw.request(apiVersions, 2, {})
  const told = apiKeys.map(({ apiKey }) => apiKey)
  for (const api of [saslHandshake, addPartitionsToTxn]) {
    if (told.includes(api.key)) continue
    const fresh = await RawConnection.open(broker.port)
    const frame = Buffer.alloc(4 + 10)
    frame.writeInt32BE(10, 0)
    frame.writeInt16BE(api.key, 4)
    frame.writeInt16BE(-1, 12)
    fresh.write(frame)
    await fresh.closed
  }
  expect(told.filter((key) => apiByKey(key) === undefined)).toEqual([])
})

test('pitfall 11: nobody is throttled without a quota', async () => {
  const topic = await newTopic()
  const throttled = [
    (await raw.request(metadata, 6, { topics: [] })).throttleTimeMs,
    (await raw.request(fetch, 11, fetchBody(topic))).throttleTimeMs,
    (await raw.request(findCoordinator, 2, { key: 'g' })).throttleTimeMs,
    (await raw.request(produce, 7, { acks: -1, timeoutMs: 1_000, topicData: [] })).throttleTimeMs,
  ]
  expect(throttled).toEqual([0, 0, 0, 0])
})

const join = (groupId: string, memberId: string, metadataBytes: Buffer) => ({
  groupId,
  sessionTimeoutMs: 10_000,
  memberId,
  protocolType: 'consumer',
  protocols: [{ name: 'RoundRobinAssigner', metadata: metadataBytes }],
})

test('pitfall 12: no session is forced on a client, and the bytes of members pass unread', async () => {
  const topic = await newTopic()
  for (let round = 0; round < 2; round++)
    expect((await raw.request(fetch, 11, fetchBody(topic))).sessionId).toBe(0)
  const groupId = unique('opaque')
  const noise = Buffer.from('deadbeef00ff', 'hex')
  await raw.request(findCoordinator, 2, { key: groupId })
  const { memberId } = await raw.request(joinGroup, 5, join(groupId, '', noise))
  const joined = await raw.request(joinGroup, 5, join(groupId, memberId, noise))
  expect(joined.members).toMatchObject([{ memberId, groupInstanceId: null, metadata: noise }])
  const assignment = Buffer.from('cafe', 'hex')
  const { generationId } = joined
  const synced = await raw.request(syncGroup, 3, {
    groupId,
    generationId,
    memberId,
    assignments: [{ memberId, assignment }],
  })
  expect(synced).toMatchObject({ errorCode: 0, assignment })
})

test('pitfall 12: a leader may assign nothing to a member', async () => {
  const groupId = unique('empty')
  await raw.request(findCoordinator, 2, { key: groupId })
  const { memberId } = await raw.request(joinGroup, 5, join(groupId, '', Buffer.alloc(0)))
  const { generationId } = await raw.request(joinGroup, 5, join(groupId, memberId, Buffer.alloc(0)))
  const synced = await raw.request(syncGroup, 3, { groupId, generationId, memberId, assignments: [] })
  expect(synced).toMatchObject({ errorCode: 0, assignment: Buffer.alloc(0) })
})

test('pitfall 13: JoinGroup 0 has no rebalance time-out and joins all the same', async () => {
  const groupId = unique('oldest')
  await raw.request(findCoordinator, 0, { key: groupId })
  const joined = await raw.request(joinGroup, 0, join(groupId, '', Buffer.alloc(0)))
  expect(joined).toMatchObject({ errorCode: 0, generationId: 1, leader: joined.memberId })
})

test('pitfall 14: a member that is stuck in a message keeps its place while its session lasts', async () => {
  const topic = await newTopic()
  await produceTo(raw, topic, batchOf(['slow', 'next']))
  const groupId = unique('slow')
  const consumer = consumerOf(kafka, groupId)
  const inbox = new Inbox<string>()
  let joins = 0
  consumer.on(consumer.events.GROUP_JOIN, () => joins++)
  let goOn = (): void => {}
  const stuck = new Promise<void>((resolve) => (goOn = resolve))
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      inbox.push(message.value?.toString() ?? '')
      await stuck
    },
  })
  await inbox.count(1)
  const told = await raw.request(describeGroups, 2, { groups: [groupId] })
  expect(told.groups[0]).toMatchObject({ groupState: 'Stable', members: [{ clientId: 'test' }] })
  goOn()
  await inbox.count(2)
  await consumer.disconnect()
  expect(joins).toBe(1)
})

test('pitfall 15: a parked fetch holds back what was asked after it, in order', async () => {
  const topic = await newTopic()
  const fresh = await RawConnection.open(broker.port)
  const first = fresh.post(fetch, 11, fetchBody(topic, { maxWaitMs: 100, minBytes: 1 }))
  const second = fresh.post(metadata, 6, { topics: [{ name: topic }] })
  const third = fresh.post(apiVersions, 2, {})
  expect((await fresh.answer(fetch, 11, first)).responses[0]?.partitions[0]?.errorCode).toBe(0)
  expect((await fresh.answer(metadata, 6, second)).topics.length).toBe(1)
  expect((await fresh.answer(apiVersions, 2, third)).errorCode).toBe(0)
  fresh.close()
})

test('pitfall 16: gzip, which needs no plug-in, is read as another client packed it', async () => {
  const topic = await newTopic()
  await produceTo(raw, topic, batchOf(['packed'], { compression: 'gzip' }))
  const [received] = await readTopic(kafka, topic, 1)
  expect(received?.message.value?.toString()).toBe('packed')
})

test('pitfall 17: with no initial delay a lone member is in its group at once', async () => {
  const topic = await newTopic()
  const began = Date.now()
  const { consumer, joined } = await startConsumer(kafka, unique('prompt'), [topic])
  await joined
  expect(Date.now() - began).toBeLessThan(1_500)
  await consumer.disconnect()
})

test('transactions are refused in words that kafkajs understands', async () => {
  const told = (await raw.request(apiVersions, 2, {})).apiKeys.map(({ apiKey }) => apiKey)
  const producer = kafka.producer({
    transactionalId: unique('tx'),
    maxInFlightRequests: 1,
    retry: { retries: 0 },
  })
  await producer.connect()
  const outcome: unknown = await producer.transaction().then(
    (transaction) => transaction.abort(),
    (error: unknown) => error,
  )
  if (!told.includes(addPartitionsToTxn.key)) expect(outcome).toBeInstanceOf(kafkajs.KafkaJSError)
  await producer.disconnect()
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
