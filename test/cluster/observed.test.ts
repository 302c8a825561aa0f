/**
 * What was observed on a running Kafka, by number, asked of a running broker of ours in bare frames of exact versions.
 *
 * Where the notes say "better", the better is asked for. Security, transactions and further nodes have no place here.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiVersions } from '../../src/protocol/messages/api-versions.ts'
import { createPartitions } from '../../src/protocol/messages/create-partitions.ts'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { deleteRecords } from '../../src/protocol/messages/delete-records.ts'
import { deleteTopics } from '../../src/protocol/messages/delete-topics.ts'
import { describeCluster } from '../../src/protocol/messages/describe-cluster.ts'
import { describeConfigs } from '../../src/protocol/messages/describe-configs.ts'
import { fetch } from '../../src/protocol/messages/fetch.ts'
import { incrementalAlterConfigs } from '../../src/protocol/messages/incremental-alter-configs.ts'
import { initProducerId } from '../../src/protocol/messages/init-producer-id.ts'
import { listOffsets } from '../../src/protocol/messages/list-offsets.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { unique } from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'
import {
  batchesIn,
  batchesOf,
  batchOf,
  createTopic,
  fetchBody,
  fetchFrom,
  produceTo,
  valuesOf,
} from './raw-requests.ts'

let broker: BrokerProcess
let raw: RawConnection

beforeAll(async () => {
  broker = await startBroker()
  raw = await RawConnection.open(broker.port)
})

afterAll(async () => {
  raw.close()
  await broker.close()
})

async function newTopic(configs: Readonly<Record<string, string>> = {}, partitions = 1): Promise<string> {
  const topic = unique('observed')
  await createTopic(raw, topic, partitions, configs)
  return topic
}

/** A request header of version 1 for any key and version, and nothing behind it. */
function bareFrame(apiKey: number, apiVersion: number, tail = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(14)
  frame.writeInt32BE(10 + tail.length, 0)
  frame.writeInt16BE(apiKey, 4)
  frame.writeInt16BE(apiVersion, 6)
  frame.writeInt32BE(9, 8)
  frame.writeInt16BE(-1, 12)
  return Buffer.concat([frame, tail])
}

describe('observed 1: versions', () => {
  test.each([
    ['an unknown API', 4711, 0],
    ['a retired API', 4, 0],
    ['a version below the served ones', 1, 3],
    ['a version above the served ones', 3, 99],
    ['a Produce version that is told but not served', 0, 2],
  ])('%s closes the connection', async (_, key, version) => {
    const fresh = await RawConnection.open(broker.port)
    fresh.write(bareFrame(key, version))
    await fresh.closed
    expect(fresh.isClosed).toBe(true)
  })

  test('ApiVersions 99: version 0, error 35, one entry, and the connection stays', async () => {
    const fresh = await RawConnection.open(broker.port)
    fresh.write(bareFrame(18, 99, Buffer.from([0])))
    const refused = await fresh.answer(apiVersions, 0, 9)
    expect([refused.errorCode, refused.apiKeys.map(({ apiKey }) => apiKey)]).toEqual([35, [18]])
    expect(
      (await fresh.request(apiVersions, 4, { clientSoftwareName: 'a', clientSoftwareVersion: '1' }))
        .errorCode,
    ).toBe(0)
    fresh.close()
  })

  test.each(['', 'not valid!', '-x', 'x.'])(
    'software name "%s" is refused with 42 and no list',
    async (clientSoftwareName) => {
      const answer = await raw.request(apiVersions, 3, { clientSoftwareName, clientSoftwareVersion: '1' })
      expect([answer.errorCode, answer.apiKeys]).toEqual([42, []])
    },
  )

  test('keys ascend, Produce first, and two answers are equal to the last byte', async () => {
    const frames: Buffer[] = []
    for (let round = 0; round < 2; round++) {
      raw.post(apiVersions, 4, { clientSoftwareName: 'a', clientSoftwareVersion: '1' })
      frames.push((await raw.frame()).subarray(4))
    }
    expect(frames[0]?.equals(frames[1] ?? Buffer.alloc(0))).toBe(true)
    const keys = (await raw.request(apiVersions, 0, {})).apiKeys
    expect(keys[0]).toMatchObject({ apiKey: 0, minVersion: 0, maxVersion: 13 })
    expect(keys.map(({ apiKey }) => apiKey)).toEqual(keys.map(({ apiKey }) => apiKey).sort((a, b) => a - b))
  })

  test('version 3 hides features whose minimum is 0, version 4 shows them', async () => {
    const of = async (version: number) =>
      (await raw.request(apiVersions, version, { clientSoftwareName: 'a', clientSoftwareVersion: '1' }))
        .supportedFeatures
    const [three, four] = [await of(3), await of(4)]
    expect(three.map(({ name }) => name)).toEqual(['metadata.version'])
    expect(four.length).toBeGreaterThan(three.length)
  })

  test('the level of kraft.version is that of the quorum: its log names the voters', async () => {
    const answer = await raw.request(apiVersions, 4, { clientSoftwareName: 'a', clientSoftwareVersion: '1' })
    const levels = answer.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel])
    expect(levels).toContainEqual(['kraft.version', 1])
  })
})

test('observed 2: an unknown tag passes through', async () => {
  const answer = await raw.request(metadata, 12, {
    topics: [],
    _unknownTaggedFields: [{ tag: 4_000, data: Buffer.from('later') }],
  })
  expect(answer.errorCode).toBe(0)
})

test('observed 4: error_message is null on success', async () => {
  const name = unique('silent')
  const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
  expect((await raw.request(createTopics, 3, { topics })).topics[0]?.errorMessage).toBeNull()
  const grown = await raw.request(createPartitions, 1, {
    topics: [{ name, count: 2, assignments: null }],
    timeoutMs: 1_000,
    validateOnly: false,
  })
  expect(grown.results).toMatchObject([{ errorCode: 0, errorMessage: null }])
  const deleted = await raw.request(deleteTopics, 5, { topicNames: [name], timeoutMs: 1_000 })
  expect(deleted.responses).toMatchObject([{ errorCode: 0, errorMessage: null }])
  expect(
    (await raw.request(describeCluster, 0, { includeClusterAuthorizedOperations: false })).errorMessage,
  ).toBeNull()
})

test('observed 5: Metadata creates what is missing, unless told not to; a bad name is 17', async () => {
  const [made, left] = [unique('auto'), unique('auto')]
  const ask = (name: string, allowAutoTopicCreation: boolean) =>
    raw.request(metadata, 9, { topics: [{ name }], allowAutoTopicCreation })
  expect((await ask(left, false)).topics[0]?.errorCode).toBe(3)
  expect((await ask(made, true)).topics[0]).toMatchObject({ errorCode: 0, partitions: [{ leaderId: 1 }] })
  expect((await ask('bad name', true)).topics[0]?.errorCode).toBe(17)
  expect((await ask(left, false)).topics[0]?.errorCode).toBe(3)
})

test('observed 7: CreateTopics 7 tells id, counts and settings; racks are null', async () => {
  const name = unique('told')
  const topics = [{ name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }]
  const [created] = (await raw.request(createTopics, 7, { topics })).topics
  expect(created).toMatchObject({ errorCode: 0, numPartitions: 1, replicationFactor: 1 })
  expect(created?.topicId).toMatch(/^[A-Za-z0-9_-]{22}$/)
  expect(created?.configs?.find((config) => config.name === 'cleanup.policy')?.value).toBe('delete')
  const answer = await raw.request(metadata, 12, {
    topics: [{ name: null, topicId: created?.topicId ?? '' }],
  })
  expect(answer.topics[0]).toMatchObject({ errorCode: 0, name })
  expect(answer.brokers).toMatchObject([{ nodeId: answer.controllerId, rack: null }])
})

describe('observed 8: settings', () => {
  test('types and sources; synonyms only if asked; an unknown name is sensitive and null', async () => {
    const topic = await newTopic({ 'retention.ms': '5000' })
    const ask = async (includeSynonyms: boolean) => {
      const configurationKeys = ['cleanup.policy', 'retention.ms', 'no.such.name']
      const resources = [{ resourceType: 2, resourceName: topic, configurationKeys }]
      return (await raw.request(describeConfigs, 4, { resources, includeSynonyms })).results[0]?.configs ?? []
    }
    const bare = await ask(false)
    const of = (name: string) => bare.find((config) => config.name === name)
    expect(of('cleanup.policy')).toMatchObject({
      value: 'delete',
      configSource: 5,
      configType: 7,
      synonyms: [],
    })
    expect(of('retention.ms')).toMatchObject({
      value: '5000',
      configSource: 1,
      configType: 5,
      documentation: null,
    })
    const synonyms = (await ask(true)).find((config) => config.name === 'retention.ms')?.synonyms
    expect(synonyms?.[0]).toEqual({ name: 'retention.ms', value: '5000', source: 1 })
  })

  test('another broker is 42; APPEND on a default begins with the default', async () => {
    const foreign = [{ resourceType: 4, resourceName: '77', configurationKeys: null }]
    expect((await raw.request(describeConfigs, 4, { resources: foreign })).results[0]?.errorCode).toBe(42)
    const topic = await newTopic()
    const configs = [{ name: 'cleanup.policy', configOperation: 2, value: 'compact' }]
    const resources = [{ resourceType: 2, resourceName: topic, configs }]
    const changed = await raw.request(incrementalAlterConfigs, 1, { resources, validateOnly: false })
    expect(changed.responses[0]).toMatchObject({ errorCode: 0, errorMessage: null })
    const asked = [{ resourceType: 2, resourceName: topic, configurationKeys: ['cleanup.policy'] }]
    const told = (await raw.request(describeConfigs, 4, { resources: asked })).results[0]?.configs[0]
    expect(told?.value).toBe('delete,compact')
  })
})

describe('observed 10: produce', () => {
  test('an unknown producer may begin at 5; the same batch again answers its offset; a gap is 45', async () => {
    const topic = await newTopic()
    const { producerId } = await raw.request(initProducerId, 4, {
      transactionalId: null,
      transactionTimeoutMs: 1,
    })
    const send = (baseSequence: number) =>
      produceTo(raw, topic, batchOf(['x', 'y'], { producerId, producerEpoch: 0, baseSequence }))
    expect(await send(5)).toMatchObject({
      errorCode: 0,
      baseOffset: 0n,
      logAppendTimeMs: -1n,
      logStartOffset: 0n,
    })
    expect(await send(7)).toMatchObject({ errorCode: 0, baseOffset: 2n })
    expect(await send(5)).toMatchObject({ errorCode: 0, baseOffset: 0n })
    expect((await send(30)).errorCode).toBe(45)
    expect(valuesOf(await batchesOf(raw, topic)).length).toBe(4)
  })

  test('empty records 87, acks 5 is 21, several batches at once are taken', async () => {
    const topic = await newTopic()
    expect((await produceTo(raw, topic, Buffer.alloc(0))).errorCode).toBe(87)
    expect((await produceTo(raw, topic, batchOf(['x']), { acks: 5 })).errorCode).toBe(21)
    const two = Buffer.concat([batchOf(['a']), batchOf(['b', 'c'])])
    expect(await produceTo(raw, topic, two, { version: 7 })).toMatchObject({ errorCode: 0, baseOffset: 0n })
    expect(valuesOf(await batchesOf(raw, topic))).toEqual(['a', 'b', 'c'])
  })
})

describe('observed 11: fetch', () => {
  test('an offset out of range answers 1 and -1 everywhere', async () => {
    const topic = await newTopic()
    const answer = await fetchFrom(raw, topic, { offset: 5n })
    expect(answer).toMatchObject({
      errorCode: 1,
      highWatermark: -1n,
      lastStableOffset: -1n,
      logStartOffset: -1n,
    })
  })

  test('aborted transactions are null to who reads uncommitted, and a list to the other', async () => {
    const topic = await newTopic()
    await produceTo(raw, topic, batchOf(['x']))
    expect((await fetchFrom(raw, topic)).abortedTransactions).toBeNull()
    expect((await fetchFrom(raw, topic, { isolationLevel: 1 })).abortedTransactions).toEqual([])
  })

  test('min_bytes: a fetch waits until there is enough, or until its time is up', async () => {
    const topic = await newTopic()
    await produceTo(raw, topic, batchOf(['x'.repeat(100)]))
    const fresh = await RawConnection.open(broker.port)
    const pending = fetchFrom(fresh, topic, { minBytes: 600, maxWaitMs: 9_000 })
    await produceTo(raw, topic, batchOf(['y'.repeat(100)]))
    await produceTo(raw, topic, batchOf(['z'.repeat(400)]))
    expect(valuesOf(batchesIn((await pending).records)).length).toBe(3)
    const began = Date.now()
    const late = await fetchFrom(fresh, topic, { minBytes: 100_000, maxWaitMs: 150 })
    expect(Date.now() - began).toBeGreaterThanOrEqual(149)
    expect(valuesOf(batchesIn(late.records)).length).toBe(3)
    fresh.close()
  })

  test('a session tells only what is new, and ends when it is told to', async () => {
    const topic = await newTopic({}, 2)
    const partitions = [0, 1].map((partition) => ({ partition, fetchOffset: 0n, partitionMaxBytes: 1_000 }))
    const base = { maxWaitMs: 0, minBytes: 0 }
    const opened = await raw.request(fetch, 11, { ...base, sessionEpoch: 0, topics: [{ topic, partitions }] })
    expect(opened.sessionId).toBeGreaterThan(0)
    const { sessionId } = opened
    const next = (sessionEpoch: number) =>
      raw.request(fetch, 11, { ...base, sessionId, sessionEpoch, topics: [] })
    expect((await next(1)).responses).toEqual([])
    await produceTo(raw, topic, batchOf(['x']), { partition: 1 })
    const news = await next(2)
    expect(news.responses.map((one) => one.partitions.map(({ partitionIndex }) => partitionIndex))).toEqual([
      [1],
    ])
    expect((await next(7)).errorCode).toBe(71)
    await raw.request(fetch, 11, { ...base, sessionId, sessionEpoch: -1, topics: [] })
    expect((await next(3)).errorCode).toBe(70)
  })
})

test('observed 11 and 24: ListOffsets and its special times', async () => {
  const topic = await newTopic()
  for (const [index, time] of [3_000, 9_000, 6_000].entries())
    await produceTo(raw, topic, batchOf([`${index}`], {}, 1_700_000_000_000 + time))
  const at = async (timestamp: bigint, version = 11) => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }]
    const answer = await raw.request(listOffsets, version, { replicaId: -1, topics })
    const told = answer.topics[0]?.partitions[0]
    return [told?.errorCode, told?.offset]
  }
  expect(await at(-1n)).toEqual([0, 3n])
  expect(await at(-2n)).toEqual([0, 0n])
  expect(await at(-3n)).toEqual([0, 1n])
  expect(await at(-4n)).toEqual([0, 0n])
  expect(await at(-5n)).toEqual([0, -1n])
  expect(await at(1_700_000_005_000n)).toEqual([0, 1n])
  expect(await at(1_700_000_099_000n)).toEqual([0, -1n])
  expect(await at(-3n, 6)).toEqual([35, -1n])
  expect(await at(-99n)).toEqual([35, -1n])
})

test('observed 11 and 24: DeleteRecords', async () => {
  const topic = await newTopic()
  await produceTo(raw, topic, batchOf(['a', 'b', 'c']))
  const cut = async (offset: bigint, name = topic) => {
    const topics = [{ name, partitions: [{ partitionIndex: 0, offset }] }]
    const answer = await raw.request(deleteRecords, 2, { topics, timeoutMs: 1_000 })
    const told = answer.topics[0]?.partitions[0]
    return [told?.errorCode, told?.lowWatermark]
  }
  expect(await cut(2n)).toEqual([0, 2n])
  expect(await cut(1n)).toEqual([0, 2n])
  expect(await cut(4n)).toEqual([1, -1n])
  expect(await cut(-1n)).toEqual([0, 3n])
  expect(await cut(0n, 'no-such-topic')).toEqual([3, -1n])
  expect((await fetchFrom(raw, topic, { offset: 2n })).errorCode).toBe(1)
})

describe('observed 21 and 22: topics and the texts of refusals', () => {
  const create = async (topic: Record<string, unknown>) => {
    const wanted = {
      name: unique('refused'),
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
      ...topic,
    }
    const [told] = (await raw.request(createTopics, 7, { topics: [wanted] })).topics
    return told
  }

  test('codes', async () => {
    const name = await newTopic()
    expect((await create({ name }))?.errorCode).toBe(36)
    expect((await create({ replicationFactor: 99 }))?.errorCode).toBe(38)
    expect((await create({ numPartitions: 0 }))?.errorCode).toBe(37)
    expect((await create({ name: 'bad/name' }))?.errorCode).toBe(17)
    const gone = await raw.request(deleteTopics, 6, {
      topics: [{ name: 'no-such-topic' }, { topicId: 'AAAAAAAAAAAAAAAAAAAAYQ' }],
      timeoutMs: 1_000,
    })
    expect(gone.responses.map(({ errorCode }) => errorCode).sort()).toEqual([100, 3])
  })

  test('texts', async () => {
    const unknown = await create({ configs: [{ name: 'x', value: '1' }] })
    expect(unknown).toMatchObject({ errorCode: 40, errorMessage: 'Unknown topic config name: x' })
    const bad = await create({ configs: [{ name: 'retention.ms', value: 'abc' }] })
    expect(bad?.errorMessage).toBe(
      'Invalid value abc for configuration retention.ms: Not a number of type LONG',
    )
    const name = await newTopic({}, 4)
    const topics = [{ name, count: 2, assignments: null }]
    const fewer = await raw.request(createPartitions, 3, { topics, timeoutMs: 1_000, validateOnly: false })
    expect(fewer.results[0]?.errorMessage).toBe(
      `The topic ${name} currently has 4 partition(s); 2 would not be an increase.`,
    )
  })
})

describe('observed 25: a fetch at the end of the log', () => {
  test.each([4, 11, 12])('version %i wakes at once on an append', async (version) => {
    const topic = await newTopic()
    const fresh = await RawConnection.open(broker.port)
    const pending = fetchFrom(fresh, topic, { version, maxWaitMs: 9_000 })
    const began = Date.now()
    await produceTo(raw, topic, batchOf(['woken']))
    expect(valuesOf(batchesIn((await pending).records))).toEqual(['woken'])
    expect(Date.now() - began).toBeLessThan(1_000)
    fresh.close()
  })

  test('it wakes however the append and its coming meet', async () => {
    const topic = await newTopic()
    const fresh = await RawConnection.open(broker.port)
    const slow: number[] = []
    for (let round = 0; round < 60; round++) {
      const began = Date.now()
      const produced = produceTo(raw, topic, batchOf([`${round}`]))
      const fetched = await fetchFrom(fresh, topic, { offset: BigInt(round), maxWaitMs: 1_500 })
      expect(valuesOf(batchesIn(fetched.records))).toEqual([`${round}`])
      if (Date.now() - began > 1_000) slow.push(round)
      await produced
    }
    expect(slow).toEqual([])
    fresh.close()
  })

  test('the deletion of its topic wakes it too', async () => {
    const topic = await newTopic()
    const fresh = await RawConnection.open(broker.port)
    const pending = fresh.request(fetch, 11, fetchBody(topic, { maxWaitMs: 9_000 }))
    await raw.request(deleteTopics, 5, { topicNames: [topic], timeoutMs: 1_000 })
    const told = (await pending).responses[0]?.partitions[0]?.errorCode
    expect([3, 6]).toContain(told)
    fresh.close()
  })
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
