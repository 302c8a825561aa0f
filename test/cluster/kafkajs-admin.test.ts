/**
 * Every administrative call of kafkajs against a running broker, and its refusals as kafkajs shows them.
 *
 * Users compare `errorMessage` with null on success (observed 4); a call that went well is seen by the next one.
 */
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BrokerProcess, startBroker } from './broker-process.ts'
import { kafkaOf, readTopic, startConsumer, unique } from './kafkajs-client.ts'

const { ConfigResourceTypes, ConfigSource } = kafkajs

let broker: BrokerProcess
let kafka: Kafka
let admin: Admin

beforeAll(async () => {
  broker = await startBroker()
  kafka = kafkaOf(broker)
  admin = kafka.admin()
  await admin.connect()
})

afterAll(async () => {
  await admin.disconnect()
  await broker.close()
})

async function newTopic(numPartitions = 1): Promise<string> {
  const topic = unique('admin')
  expect(await admin.createTopics({ topics: [{ topic, numPartitions }] })).toBe(true)
  return topic
}

async function write(topic: string, messages: { value: string; timestamp?: string; partition?: number }[]) {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages })
  await producer.disconnect()
}

const refusal = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'nothing was refused',
    (error: unknown) => error,
  )

test('createTopics: partitions, factor and settings are there at once (observed 6)', async () => {
  const topic = unique('made')
  const made = await admin.createTopics({
    topics: [
      {
        topic,
        numPartitions: 3,
        replicationFactor: 1,
        configEntries: [{ name: 'retention.ms', value: '1234567' }],
      },
    ],
  })
  expect(made).toBe(true)
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  expect(
    topics[0]?.partitions.map(({ partitionId, leader, replicas, isr }) => [
      partitionId,
      leader,
      replicas,
      isr,
    ]),
  ).toEqual([0, 1, 2].map((partition) => [partition, 1, [1], [1]]))
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
  })
  expect(resources[0]).toMatchObject({ errorCode: 0, errorMessage: null, resourceName: topic })
  expect(resources[0]?.configEntries).toMatchObject([
    {
      configName: 'retention.ms',
      configValue: '1234567',
      isDefault: false,
      configSource: ConfigSource.TOPIC_CONFIG,
    },
  ])
  expect(await admin.listTopics()).toContain(topic)
})

test('createTopics: one that exists answers false, not an error', async () => {
  const topic = await newTopic()
  expect(await admin.createTopics({ topics: [{ topic }] })).toBe(false)
})

test('observed 22: createTopics with validateOnly makes nothing', async () => {
  const topic = unique('only-asked')
  expect(await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: [{ topic }] })).toBe(
    true,
  )
  expect(await admin.listTopics()).not.toContain(topic)
})

test('observed 7: createTopics by assignments', async () => {
  const topic = unique('assigned')
  const replicaAssignment = [0, 1].map((partition) => ({ partition, replicas: [1] }))
  await admin.createTopics({
    topics: [{ topic, numPartitions: -1, replicationFactor: -1, replicaAssignment }],
  })
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  expect(topics[0]?.partitions.length).toBe(2)
})

test.each([
  [
    'observed 22: a factor above the brokers is 38',
    { replicationFactor: 3 },
    'INVALID_REPLICATION_FACTOR',
    38,
  ],
  ['observed 22: no partitions is 37', { numPartitions: 0 }, 'INVALID_PARTITIONS', 37],
  ['observed 22: a bad name is 17', { topic: 'bad name' }, 'INVALID_TOPIC_EXCEPTION', 17],
  [
    'observed 22: an unknown setting is 40',
    { configEntries: [{ name: 'no.such.setting', value: '1' }] },
    'INVALID_CONFIG',
    40,
  ],
  [
    'a replica that does not exist is 39',
    { numPartitions: -1, replicationFactor: -1, replicaAssignment: [{ partition: 0, replicas: [99] }] },
    'INVALID_REPLICA_ASSIGNMENT',
    39,
  ],
])('createTopics: %s', async (_, wanted, type, code) => {
  const error = await refusal(admin.createTopics({ topics: [{ topic: unique('refused'), ...wanted }] }))
  expect(error).toMatchObject({ name: 'KafkaJSAggregateError', errors: [{ type, code }] })
})

test('observed 22: names that differ in . and _ only are taken as equal', async () => {
  const word = unique('collides')
  await admin.createTopics({ topics: [{ topic: `${word}.x` }] })
  const error = await refusal(admin.createTopics({ topics: [{ topic: `${word}_x` }] }))
  expect(error).toMatchObject({ errors: [{ code: 17 }] })
})

test('deleteTopics: gone at once; a missing one is 3', async () => {
  const topics = [await newTopic(), await newTopic()]
  await admin.deleteTopics({ topics })
  const left = await admin.listTopics()
  expect(topics.filter((topic) => left.includes(topic))).toEqual([])
  const error = await refusal(
    kafka.admin({ retry: { retries: 0 } }).deleteTopics({ topics: ['no-such-topic'] }),
  )
  expect(error).toMatchObject({ cause: expect.anything() })
})

test('a topic that is deleted and made again is empty', async () => {
  const topic = await newTopic()
  await write(topic, [{ value: 'old' }])
  await admin.deleteTopics({ topics: [topic] })
  await admin.createTopics({ topics: [{ topic }] })
  expect(await admin.fetchTopicOffsets(topic)).toEqual([{ partition: 0, offset: '0', low: '0', high: '0' }])
  await write(topic, [{ value: 'new' }])
  expect((await readTopic(kafka, topic, 1))[0]?.message.value?.toString()).toBe('new')
})

test('createPartitions: more partitions, at once; fewer are refused with 37', async () => {
  const topic = await newTopic(2)
  await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  expect(topics[0]?.partitions.length).toBe(4)
  await write(topic, [{ partition: 3, value: 'x' }])
  expect(await refusal(admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }))).toMatchObject({
    type: 'INVALID_PARTITIONS',
    code: 37,
  })
})

test('fetchTopicMetadata: all topics, some, and a missing one', async () => {
  const topics = [await newTopic(), await newTopic(2)]
  const all = await admin.fetchTopicMetadata()
  expect(all.topics.map(({ name }) => name)).toEqual(expect.arrayContaining(topics))
  const some = await admin.fetchTopicMetadata({ topics })
  expect(some.topics.map(({ name, partitions }) => [name, partitions.length]).sort()).toEqual([
    [topics[0], 1],
    [topics[1], 2],
  ])
  const impatient = kafka.admin({ retry: { retries: 0 } })
  await impatient.connect()
  expect(await refusal(impatient.fetchTopicMetadata({ topics: ['no-such-topic'] }))).toMatchObject({
    type: 'UNKNOWN_TOPIC_OR_PARTITION',
  })
  await impatient.disconnect()
})

test('observed 11 and 24: fetchTopicOffsets and fetchTopicOffsetsByTimestamp', async () => {
  const topic = await newTopic(2)
  await write(
    topic,
    [100, 200, 300].map((seconds) => ({
      partition: 0,
      value: 'x',
      timestamp: `${1_700_000_000_000 + seconds * 1000}`,
    })),
  )
  expect((await admin.fetchTopicOffsets(topic)).sort((a, b) => a.partition - b.partition)).toEqual([
    { partition: 0, offset: '3', high: '3', low: '0' },
    { partition: 1, offset: '0', high: '0', low: '0' },
  ])
  const at = async (seconds: number) =>
    (await admin.fetchTopicOffsetsByTimestamp(topic, 1_700_000_000_000 + seconds * 1000)).find(
      ({ partition }) => partition === 0,
    )?.offset
  expect([await at(0), await at(150), await at(200), await at(201), await at(300)]).toEqual([
    '0',
    '1',
    '1',
    '2',
    '2',
  ])
  // Past the last timestamp the broker says -1, which kafkajs turns into the end.
  expect(await at(301)).toBe('3')
})

test('alterConfigs: the whole set is replaced, values are checked, validateOnly changes nothing', async () => {
  const topic = await newTopic()
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic }
  const alter = (name: string, value: string, validateOnly = false) =>
    admin.alterConfigs({ validateOnly, resources: [{ ...resource, configEntries: [{ name, value }] }] })
  const own = async () => {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] })
    return (resources[0]?.configEntries ?? [])
      .filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG)
      .map(({ configName, configValue }) => `${configName}=${configValue}`)
  }
  const answer = await alter('retention.ms', '5000')
  expect(answer).toEqual({
    resources: [
      { errorCode: 0, errorMessage: null, resourceName: topic, resourceType: ConfigResourceTypes.TOPIC },
    ],
  })
  expect(await own()).toEqual(['retention.ms=5000'])
  await alter('cleanup.policy', 'compact')
  expect(await own()).toEqual(['cleanup.policy=compact'])
  await alter('cleanup.policy', 'delete', true)
  expect(await own()).toEqual(['cleanup.policy=compact'])
  expect(await refusal(alter('retention.ms', 'abc'))).toMatchObject({ type: 'INVALID_CONFIG', code: 40 })
})

test('describeConfigs: a broker, with synonyms, and all settings of a topic', async () => {
  const topic = await newTopic()
  const { resources } = await admin.describeConfigs({
    includeSynonyms: true,
    resources: [
      { type: ConfigResourceTypes.BROKER, name: '1', configNames: ['log.retention.hours', 'node.id'] },
      { type: ConfigResourceTypes.TOPIC, name: topic },
    ],
  })
  const [own, ofTopic] = resources
  expect(own?.configEntries.map(({ configName, configValue }) => [configName, configValue])).toEqual([
    ['log.retention.hours', '168'],
    ['node.id', '1'],
  ])
  expect(ofTopic?.configEntries.length).toBeGreaterThan(25)
  const retention = ofTopic?.configEntries.find(({ configName }) => configName === 'retention.ms')
  expect(retention).toMatchObject({
    configValue: '604800000',
    isDefault: true,
    isSensitive: false,
    readOnly: false,
  })
})

test('listGroups and describeGroups: members, and an unknown group is Dead (observed 26)', async () => {
  const topic = await newTopic()
  await write(topic, [{ value: 'x' }])
  const groupId = unique('told')
  const { consumer, inbox } = await startConsumer(kafka, groupId, [topic])
  await inbox.count(1)
  expect((await admin.listGroups()).groups).toContainEqual({ groupId, protocolType: 'consumer' })
  const { groups } = await admin.describeGroups([groupId, 'no-such-group'])
  expect(groups).toMatchObject([
    { errorCode: 0, state: 'Stable', members: [{ clientId: 'test' }] },
    { errorCode: 0, state: 'Dead', members: [] },
  ])
  await consumer.disconnect()
  expect((await admin.describeGroups([groupId])).groups[0]?.state).toBe('Empty')
})

test('fetchOffsets: what was committed, and -1 where nothing was', async () => {
  const topic = await newTopic(2)
  await write(topic, [{ partition: 0, value: 'x' }])
  const groupId = unique('offsets')
  const { consumer, inbox } = await startConsumer(kafka, groupId, [topic])
  await inbox.count(1)
  await consumer.disconnect()
  const [told] = await admin.fetchOffsets({ groupId, topics: [topic] })
  expect(told?.partitions.map(({ partition, offset }) => [partition, offset]).sort()).toEqual([
    [0, '1'],
    [1, '-1'],
  ])
  expect((await admin.fetchOffsets({ groupId })).map((one) => one.topic)).toEqual([topic])
})

test('observed 24: deleteTopicRecords up to an offset and up to the end', async () => {
  const topic = await newTopic()
  await write(
    topic,
    Array.from({ length: 10 }, (_, index) => ({ value: `${index}` })),
  )
  // kafkajs looks for the leader among the topics that it knows already.
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] })
  expect(await admin.fetchTopicOffsets(topic)).toEqual([{ partition: 0, offset: '10', high: '10', low: '4' }])
  expect((await readTopic(kafka, topic, 6)).map(({ message }) => message.offset)).toEqual([
    '4',
    '5',
    '6',
    '7',
    '8',
    '9',
  ])
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '-1' }] })
  expect(await admin.fetchTopicOffsets(topic)).toEqual([
    { partition: 0, offset: '10', high: '10', low: '10' },
  ])
})

test('observed 11: deleteTopicRecords past the end is refused with 1', async () => {
  const topic = await newTopic()
  await admin.fetchTopicOffsets(topic)
  const error = await refusal(
    admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] }),
  )
  expect(error).toMatchObject({
    cause: {
      name: 'KafkaJSDeleteTopicRecordsError',
      partitions: [{ partition: 0, error: { type: 'OFFSET_OUT_OF_RANGE', code: 1 } }],
    },
  })
})

test('observed 7: describeCluster tells the nodes, a controller among them, and a stable id', async () => {
  const cluster = await admin.describeCluster()
  expect(cluster.brokers).toEqual([{ nodeId: 1, host: '127.0.0.1', port: broker.port }])
  expect(cluster.controller).toBe(1)
  expect(cluster.clusterId).toMatch(/^[A-Za-z0-9_-]{22}$/)
})

test('what is not served yet says so, and the client lives on', async () => {
  const acls = admin.describeAcls({
    resourceType: kafkajs.AclResourceTypes.ANY,
    resourcePatternType: kafkajs.ResourcePatternTypes.ANY,
    operation: kafkajs.AclOperationTypes.ANY,
    permissionType: kafkajs.AclPermissionTypes.ANY,
  })
  expect(await refusal(acls)).toMatchObject({ name: 'KafkaJSServerDoesNotSupportApiKey' })
  expect(await admin.listTopics()).toEqual(expect.any(Array))
})

test('no request failed by a bug', () => {
  expect(broker.errors()).not.toContain('a request failed by a bug')
})
