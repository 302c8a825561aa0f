/**
 * Points 6, 9 and 29 of what was observed on a running Kafka: a client finds what it created on its next
 * request, over any connection; lists keep the order asked; settings tell where their values come from.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPartitions } from '../../src/protocol/messages/create-partitions.ts'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { deleteTopics } from '../../src/protocol/messages/delete-topics.ts'
import { describeConfigs } from '../../src/protocol/messages/describe-configs.ts'
import { incrementalAlterConfigs } from '../../src/protocol/messages/incremental-alter-configs.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { unique } from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'
import { batchOf, produceTo } from './raw-requests.ts'

const TOPIC = 2
const BROKER = 4
const SET = 0
const DELETE = 1
const ROUNDS = 25

let broker: BrokerProcess
let writer: RawConnection
let reader: RawConnection

beforeAll(async () => {
  broker = await startBroker({ settings: { 'log.retention.hours': '48' } })
  writer = await RawConnection.open(broker.port)
  reader = await RawConnection.open(broker.port)
})

afterAll(async () => {
  writer.close()
  reader.close()
  await broker.close()
})

async function create(topic: string): Promise<void> {
  const answer = await writer.request(createTopics, 7, {
    topics: [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  })
  expect(answer.topics[0]?.errorCode).toBe(0)
}

async function partitionsSeen(topic: string): Promise<number> {
  const answer = await reader.request(metadata, 12, {
    topics: [{ name: topic }],
    allowAutoTopicCreation: false,
  })
  const [found] = answer.topics
  return found?.errorCode === 0 ? found.partitions.filter(({ leaderId }) => leaderId >= 0).length : -1
}

async function alter(type: number, name: string, key: string, value: string | null): Promise<void> {
  const configs = [{ name: key, configOperation: value === null ? DELETE : SET, value }]
  const answer = await writer.request(incrementalAlterConfigs, 1, {
    resources: [{ resourceType: type, resourceName: name, configs }],
    validateOnly: false,
  })
  expect(answer.responses[0]?.errorCode).toBe(0)
}

async function describeOf(type: number, name: string, keys: readonly string[]) {
  const answer = await reader.request(describeConfigs, 4, {
    resources: [{ resourceType: type, resourceName: name, configurationKeys: keys }],
    includeSynonyms: true,
  })
  return answer.results[0]?.configs ?? []
}

test('observed 6: topics, partitions, settings and deletions are there for the next request of anybody', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const topic = unique('read-your-writes')
    await create(topic)
    expect(await partitionsSeen(topic)).toBe(1)
    expect((await produceTo(reader, topic, batchOf(['at once']))).errorCode).toBe(0)
    const grown = await writer.request(createPartitions, 3, {
      topics: [{ name: topic, count: 3, assignments: null }],
      timeoutMs: 5_000,
      validateOnly: false,
    })
    expect(grown.results[0]?.errorCode).toBe(0)
    expect(await partitionsSeen(topic)).toBe(3)
    await alter(TOPIC, topic, 'retention.ms', String(1_000 + round))
    expect((await describeOf(TOPIC, topic, ['retention.ms']))[0]?.value).toBe(String(1_000 + round))
    await writer.request(deleteTopics, 6, { topics: [{ name: topic }], timeoutMs: 5_000 })
    expect(await partitionsSeen(topic)).toBe(-1)
  }
})

test('observed 9: settings are answered in the order in which they were asked for', async () => {
  const topic = unique('ordered')
  await create(topic)
  const asked = ['segment.bytes', 'cleanup.policy', 'retention.ms', 'compression.type']
  expect((await describeOf(TOPIC, topic, asked)).map(({ name }) => name)).toEqual(asked)
})

test('observed 29: each setting tells its source, and its synonyms in order of precedence', async () => {
  const topic = unique('sourced')
  await create(topic)
  const source = async (): Promise<number | undefined> =>
    (await describeOf(TOPIC, topic, ['retention.ms']))[0]?.configSource
  // 4: the properties of the broker, through log.retention.hours.
  expect(await source()).toBe(4)
  await alter(BROKER, '', 'log.retention.ms', '5000')
  expect(await source()).toBe(3)
  await alter(BROKER, '1', 'log.retention.ms', '6000')
  expect(await source()).toBe(2)
  await alter(TOPIC, topic, 'retention.ms', '7000')
  const [row] = await describeOf(TOPIC, topic, ['retention.ms'])
  expect(row).toMatchObject({ value: '7000', configSource: 1, configType: 5 })
  expect(row?.synonyms.map(({ source: from, value }) => [from, value]).slice(0, 3)).toEqual([
    [1, '7000'],
    [2, '6000'],
    [3, '5000'],
  ])
  await alter(BROKER, '1', 'log.retention.ms', null)
  await alter(BROKER, '', 'log.retention.ms', null)
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
