/** Controllers that are no brokers, and brokers that do not vote: apps and administrators notice nothing of it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeCluster } from '../../src/protocol/messages/describe-cluster.ts'
import { describeQuorum } from '../../src/protocol/messages/describe-quorum.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { until } from '../faults/script.ts'
import { BrokerCluster } from './broker-cluster.ts'
import { kafkaOf, readTopic } from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'

const BROKERS = [4, 5]

let cluster: BrokerCluster

beforeAll(async () => {
  cluster = await BrokerCluster.start({
    nodes: 5,
    roles: ['controller', 'controller', 'controller', 'broker', 'broker'],
  })
}, 60_000)

afterAll(() => cluster.close())

async function quorumAt(broker: number) {
  const connection = await RawConnection.open(cluster.portOf(broker))
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
  const answer = await connection.request(describeQuorum, 2, { topics })
  connection.close()
  return answer.topics[0]?.partitions[0]
}

test('controllers vote, brokers follow, and clients are sent to brokers alone', async () => {
  const quorum = await quorumAt(4)
  expect(quorum?.currentVoters.map(({ replicaId }) => replicaId)).toEqual([1, 2, 3])
  expect(quorum?.observers.map(({ replicaId }) => replicaId).sort()).toEqual(BROKERS)
  for (const broker of BROKERS) {
    const connection = await RawConnection.open(cluster.portOf(broker))
    const seen = await connection.request(metadata, 12, { topics: [] })
    expect(seen.brokers.map(({ nodeId }) => nodeId)).toEqual(BROKERS)
    expect(BROKERS).toContain(seen.controllerId)
    const described = await connection.request(describeCluster, 1, {
      includeClusterAuthorizedOperations: false,
    })
    expect(BROKERS).toContain(described.controllerId)
    connection.close()
  }
})

test('the active controller dies, and a broker: a topic is made, records are written and read', async () => {
  const kafka = kafkaOf(cluster)
  const admin = kafka.admin()
  await admin.connect()
  const create = (topic: string) =>
    admin.createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor: 2 }] })
  expect(await create('before')).toBe(true)
  const producer = kafka.producer()
  await producer.connect()
  const send = (value: string) => producer.send({ topic: 'before', acks: -1, messages: [{ value }] })
  await send('one')
  const { leaderId = 0 } = (await quorumAt(5)) ?? {}
  expect([1, 2, 3]).toContain(leaderId)
  await cluster.kill(leaderId)
  expect(await create('after')).toBe(true)
  await send('two')
  await cluster.kill(4)
  await send('three')
  await Promise.all([cluster.startNode(leaderId), cluster.startNode(4)])
  await send('four')
  await producer.disconnect()
  await admin.disconnect()
  const values = (await readTopic(kafka, 'before', 4)).map(({ message }) => message.value?.toString())
  expect(values.sort()).toEqual(['four', 'one', 'three', 'two'])
}, 60_000)

test('all stop in order, and come back with everything', async () => {
  for (const node of [4, 5, 1, 2, 3]) await cluster.kill(node, 'SIGTERM')
  await Promise.all([1, 2, 3, 4, 5].map((node) => cluster.startNode(node)))
  const topics = await until('all partitions lead again', 30_000, async () => {
    const connection = await RawConnection.open(cluster.portOf(5))
    const seen = await connection.request(metadata, 12, { topics: null })
    connection.close()
    const partitions = seen.topics.flatMap((topic) => topic.partitions)
    return partitions.every(({ leaderId }) => BROKERS.includes(leaderId)) ? seen.topics : null
  })
  expect(topics.map(({ name }) => name)).toEqual(expect.arrayContaining(['after', 'before']))
}, 60_000)
