/**
 * What kafkajs produces to a running broker comes back as it was sent: every codec, every shape of a message, every
 * kind of acknowledgement, and refusals as kafkajs shows them.
 */
import kafkajs, { type Admin, type Kafka, type Producer } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeConfigs } from '../../src/protocol/messages/describe-configs.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { produce } from '../../src/protocol/messages/produce.ts'
import { codecOfCode } from '../../src/protocol/records/compression.ts'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { kafkaOf, readTopic, unique } from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'
import { batchesOf, batchOf, createTopic, produceTo, valuesOf } from './raw-requests.ts'

const { CompressionTypes, Partitioners } = kafkajs
const MAGIC2_ATTRIBUTES_CODEC = 7

let broker: BrokerProcess
let kafka: Kafka
let admin: Admin
let producer: Producer
let raw: RawConnection

beforeAll(async () => {
  broker = await startBroker()
  kafka = kafkaOf(broker)
  admin = kafka.admin()
  producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  raw = await RawConnection.open(broker.port)
  await Promise.all([admin.connect(), producer.connect()])
})

afterAll(async () => {
  raw.close()
  await Promise.all([admin.disconnect(), producer.disconnect()])
  await broker.close()
})

async function newTopic(configs: Readonly<Record<string, string>> = {}, partitions = 1): Promise<string> {
  const topic = unique('produce')
  await createTopic(raw, topic, partitions, configs)
  return topic
}

/** What kafkajs throws, as far as users look at it. */
async function refusal(attempt: Promise<unknown>): Promise<{ type?: string; code?: number }> {
  const error: unknown = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error('nothing was refused')
  const { type, code, cause } = error as Error & { type?: string; code?: number; cause?: Error }
  if (type !== undefined && code !== undefined) return { type, code }
  return cause === undefined ? { type: error.message } : refusal(Promise.reject(cause))
}

test.each([
  ['none', CompressionTypes.None],
  ['gzip', CompressionTypes.GZIP],
  ['snappy', CompressionTypes.Snappy],
  ['lz4', CompressionTypes.LZ4],
  ['zstd', CompressionTypes.ZSTD],
])('pitfall 16: %s batches are kept as they were packed', async (codec, compression) => {
  const topic = await newTopic()
  const values = Array.from({ length: 100 }, (_, index) => `message ${index} ${'x'.repeat(index)}`)
  await producer.send({ topic, compression, messages: values.map((value) => ({ value })) })
  const batches = await batchesOf(raw, topic)
  expect(batches.map(({ header }) => codecOfCode(header.attributes & MAGIC2_ATTRIBUTES_CODEC))).toEqual([
    codec,
  ])
  expect(valuesOf(batches)).toEqual(values)
  const read = await readTopic(kafka, topic, values.length)
  expect(read.map(({ message }) => message.value?.toString())).toEqual(values)
})

test('observed 23: null, empty and repeated parts of a message come back as sent', async () => {
  const topic = await newTopic()
  await producer.send({
    topic,
    messages: [
      { key: null, value: null },
      { key: '', value: '' },
      { key: 'k', value: null },
      { key: null, value: Buffer.from([0, 255, 128]) },
      {
        key: 'h',
        value: 'v',
        headers: { text: 'größe', empty: '', bytes: Buffer.from([0, 1, 2]), many: ['1', '2', '1'] },
      },
    ],
  })
  const read = (await readTopic(kafka, topic, 5)).map(({ message }) => message)
  expect(read.map(({ key, value }) => [key?.toString('hex'), value?.toString('hex')])).toEqual([
    [undefined, undefined],
    ['', ''],
    ['6b', undefined],
    [undefined, '00ff80'],
    ['68', '76'],
  ])
  expect(read[4]?.headers).toEqual({
    text: Buffer.from('größe'),
    empty: Buffer.alloc(0),
    bytes: Buffer.from([0, 1, 2]),
    many: [Buffer.from('1'), Buffer.from('2'), Buffer.from('1')],
  })
  expect(read.slice(0, 4).map(({ headers }) => headers)).toEqual([{}, {}, {}, {}])
})

test('observed 10: acks 0, 1 and -1 all end in the log; only 0 tells no offset', async () => {
  const topic = await newTopic()
  const none = await producer.send({ topic, acks: 0, messages: [{ value: 'none' }] })
  const leader = await producer.send({ topic, acks: 1, messages: [{ value: 'leader' }] })
  const all = await producer.send({ topic, acks: -1, messages: [{ value: 'all' }] })
  expect(none.filter((answer) => answer.baseOffset !== undefined)).toEqual([])
  const told = { topicName: topic, partition: 0, errorCode: 0, logAppendTime: '-1', logStartOffset: '0' }
  expect(leader).toEqual([{ ...told, baseOffset: '1' }])
  expect(all).toEqual([{ ...told, baseOffset: '2' }])
  const read = await readTopic(kafka, topic, 3)
  expect(read.map(({ message }) => message.value?.toString())).toEqual(['none', 'leader', 'all'])
})

test('pitfall 15: answers meet their requests with unanswered ones in between', async () => {
  const topic = await newTopic()
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      producer.send({ topic, acks: index % 3 === 1 ? 0 : -1, messages: [{ value: `${index}` }] }),
    ),
  )
  // kafkajs itself may write two concurrent sends in another order; each must be told its own offset.
  await producer.send({ topic, messages: [{ value: 'all before are committed' }] })
  const values = valuesOf(await batchesOf(raw, topic))
  expect(values.length).toBe(31)
  const told = answers.map(([answer]) => answer?.baseOffset)
  const wrong = told.filter((offset, index) =>
    index % 3 === 1 ? offset !== undefined : values[Number(offset)] !== `${index}`,
  )
  expect(wrong).toEqual([])
})

test('pitfall 15: on one socket, acks 0 leaves no gap and no stray answer', async () => {
  const topic = await newTopic()
  const body = (value: string, acks: number) => ({
    acks,
    timeoutMs: 1_000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records: batchOf([value]) }] }],
  })
  const first = raw.post(produce, 7, body('a', 1))
  raw.post(produce, 7, body('b', 0))
  const second = raw.post(produce, 7, body('c', -1))
  raw.post(produce, 7, body('d', 0))
  const third = raw.post(metadata, 6, { topics: [{ name: topic }] })
  const fourth = raw.post(produce, 7, body('e', -1))
  const offsetIn = (answer: {
    responses: readonly { partitionResponses: readonly { baseOffset: bigint }[] }[]
  }) => answer.responses[0]?.partitionResponses[0]?.baseOffset
  expect(offsetIn(await raw.answer(produce, 7, first))).toBe(0n)
  expect(offsetIn(await raw.answer(produce, 7, second))).toBe(2n)
  expect((await raw.answer(metadata, 6, third)).topics[0]?.name).toBe(topic)
  expect(offsetIn(await raw.answer(produce, 7, fourth))).toBe(4n)
  expect(valuesOf(await batchesOf(raw, topic))).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('an idempotent producer gets an id of its own and counts its batches', async () => {
  const topic = await newTopic()
  const idempotent = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await idempotent.connect()
  for (let batch = 0; batch < 3; batch++)
    await idempotent.send({ topic, messages: [{ value: `${batch}a` }, { value: `${batch}b` }] })
  await idempotent.disconnect()
  const headers = (await batchesOf(raw, topic)).map(({ header }) => header)
  expect(new Set(headers.map(({ producerId }) => producerId)).size).toBe(1)
  expect(headers[0]?.producerId).toBeGreaterThanOrEqual(0n)
  expect(headers.map(({ producerEpoch, baseSequence }) => [producerEpoch, baseSequence])).toEqual([
    [0, 0],
    [0, 2],
    [0, 4],
  ])
})

test('two idempotent producers have two ids', async () => {
  const topic = await newTopic()
  const two = [1, 2].map(() => kafka.producer({ idempotent: true, maxInFlightRequests: 1 }))
  for (const one of two) {
    await one.connect()
    await one.send({ topic, messages: [{ value: 'x' }] })
    await one.disconnect()
  }
  const ids = (await batchesOf(raw, topic)).map(({ header }) => header.producerId)
  expect(new Set(ids).size).toBe(2)
})

test('several topics and partitions in one request', async () => {
  const topics = [await newTopic({}, 4), await newTopic({}, 3)]
  const answer = await producer.sendBatch({
    topicMessages: topics.map((topic, topicIndex) => ({
      topic,
      messages: Array.from({ length: 12 }, (_, index) => ({
        partition: index % (4 - topicIndex),
        value: `${topicIndex}/${index}`,
      })),
    })),
  })
  expect(answer.map(({ errorCode, baseOffset }) => [errorCode, baseOffset])).toEqual(
    Array.from({ length: 7 }, () => [0, '0']),
  )
  const [first, second] = topics as [string, string]
  expect(valuesOf(await batchesOf(raw, first, 3))).toEqual(['0/3', '0/7', '0/11'])
  expect(valuesOf(await batchesOf(raw, second, 2))).toEqual(['1/2', '1/5', '1/8', '1/11'])
})

test('messages of one key keep their order in one partition', async () => {
  const topic = await newTopic({}, 5)
  const values = Array.from({ length: 40 }, (_, index) => `${index}`)
  for (let from = 0; from < values.length; from += 10)
    await producer.send({
      topic,
      messages: values.slice(from, from + 10).map((value) => ({ key: 'same', value })),
    })
  const read = await readTopic(kafka, topic, values.length)
  expect(new Set(read.map(({ partition }) => partition)).size).toBe(1)
  expect(read.map(({ message }) => message.value?.toString())).toEqual(values)
})

test('a message of a million bytes passes', async () => {
  const topic = await newTopic()
  const value = Buffer.alloc(1_000_000, 'sluice')
  await producer.send({ topic, messages: [{ key: 'large', value }] })
  const [received] = await readTopic(kafka, topic, 1)
  expect(received?.message.value?.equals(value)).toBe(true)
})

test('observed 23: a batch above max.message.bytes is refused with 10 and nothing is written', async () => {
  const topic = await newTopic()
  const small = await newTopic({ 'max.message.bytes': '2000' })
  const large = { value: Buffer.alloc(1_100_000) }
  expect(await refusal(producer.send({ topic, messages: [large] }))).toEqual({
    type: 'MESSAGE_TOO_LARGE',
    code: 10,
  })
  expect(await refusal(producer.send({ topic: small, messages: [{ value: Buffer.alloc(2_000) }] }))).toEqual({
    type: 'MESSAGE_TOO_LARGE',
    code: 10,
  })
  await producer.send({ topic: small, messages: [{ value: Buffer.alloc(1_800) }] })
  expect(await batchesOf(raw, topic)).toEqual([])
  expect((await batchesOf(raw, small)).length).toBe(1)
})

test('observed 23: a message without a key on a compacted topic is refused with 87', async () => {
  const topic = await newTopic({ 'cleanup.policy': 'compact' })
  const messages = [{ key: 'a', value: '1' }, { value: '2' }]
  expect(await refusal(producer.send({ topic, messages }))).toEqual({ type: 'INVALID_RECORD', code: 87 })
  await producer.send({
    topic,
    messages: [
      { key: 'a', value: '1' },
      { key: '', value: '2' },
    ],
  })
  expect(valuesOf(await batchesOf(raw, topic))).toEqual(['1', '2'])
  const refused = await produceTo(raw, topic, batchOf(['x', 'y']))
  expect(refused.errorCode).toBe(87)
  expect(refused.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([0, 1])
})

test('timestamps are those of the client', async () => {
  const topic = await newTopic()
  const before = Date.now()
  await producer.send({
    topic,
    messages: [
      { value: 'old', timestamp: '1500000000000' },
      { value: 'older', timestamp: '1400000000123' },
      { value: 'now' },
    ],
  })
  const [old, older, now] = (await readTopic(kafka, topic, 3)).map(({ message }) => Number(message.timestamp))
  expect([old, older]).toEqual([1_500_000_000_000, 1_400_000_000_123])
  expect(now).toBeGreaterThanOrEqual(before)
  expect(now).toBeLessThanOrEqual(Date.now())
})

test('observed 23: LogAppendTime replaces the times of the client', async () => {
  const topic = await newTopic({ 'message.timestamp.type': 'LogAppendTime' })
  const before = Date.now()
  const [answer] = await producer.send({
    topic,
    messages: [
      { value: 'a', timestamp: '1500000000000' },
      { value: 'b', timestamp: '1600000000000' },
    ],
  })
  const after = Date.now()
  const times = (await readTopic(kafka, topic, 2)).map(({ message }) => Number(message.timestamp))
  expect(new Set([...times, Number(answer?.logAppendTime)]).size).toBe(1)
  expect(times[0]).toBeGreaterThanOrEqual(before)
  expect(times[0]).toBeLessThanOrEqual(after)
})

test('a time too far from now is refused with 32 where the topic forbids it', async () => {
  const topic = await newTopic({ 'message.timestamp.before.max.ms': '60000' })
  const messages = [{ value: 'old', timestamp: '1500000000000' }]
  expect(await refusal(producer.send({ topic, messages }))).toEqual({ type: 'INVALID_TIMESTAMP', code: 32 })
})

test('observed 23: a compression.type other than producer packs batches again', async () => {
  const topic = await newTopic({ 'compression.type': 'gzip' })
  await producer.send({ topic, messages: [{ value: 'plain' }] })
  await producer.send({ topic, compression: CompressionTypes.ZSTD, messages: [{ value: 'zstd' }] })
  const batches = await batchesOf(raw, topic)
  expect(batches.map(({ header }) => codecOfCode(header.attributes & MAGIC2_ATTRIBUTES_CODEC))).toEqual([
    'gzip',
    'gzip',
  ])
  expect(valuesOf(batches)).toEqual(['plain', 'zstd'])
})

test('observed 5, pitfall 8: the first message to a topic that is not there creates it', async () => {
  const topic = unique('created-on-use')
  const [answer] = await producer.send({ topic, messages: [{ value: 'first' }] })
  expect(answer).toMatchObject({ topicName: topic, errorCode: 0, baseOffset: '0' })
  const configs = await raw.request(describeConfigs, 4, {
    resources: [{ resourceType: 2, resourceName: topic, configurationKeys: ['retention.ms'] }],
  })
  expect(configs.results[0]?.errorCode).toBe(0)
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
