/** A cluster that loses all of its power: every partition has a leader again, and nothing that was acknowledged is lost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import {
  type DescribeTopicPartitionsResponse,
  describeTopicPartitions,
} from '../../src/protocol/messages/describe-topic-partitions.ts'
import { until } from '../faults/script.ts'
import { BrokerCluster } from './broker-cluster.ts'
import { kafkaOf, readTopic } from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'

type Partitions = DescribeTopicPartitionsResponse['topics'][number]['partitions']

let cluster: BrokerCluster

beforeAll(async () => {
  cluster = await BrokerCluster.start()
}, 60_000)

afterAll(() => cluster.close())

async function createTopic(name: string, insyncReplicasMin: number): Promise<void> {
  const connection = await RawConnection.open(cluster.portOf(1))
  const answer = await connection.request(createTopics, 7, {
    topics: [
      {
        name,
        numPartitions: -1,
        replicationFactor: -1,
        assignments: [
          [1, 2, 3],
          [2, 3, 1],
          [3, 1, 2],
        ].map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
        configs: [{ name: 'min.insync.replicas', value: String(insyncReplicasMin) }],
      },
    ],
    timeoutMs: 10_000,
  })
  expect(answer.topics[0]?.errorCode).toBe(0)
  connection.close()
}

/** The partitions of a topic, once they are as wanted on that node. */
function partitionsWhen(
  node: number,
  topic: string,
  wanted: (partitions: Partitions) => boolean,
): Promise<Partitions> {
  return until(`node ${node} shows ${topic} as wanted`, 30_000, async () => {
    const connection = await RawConnection.open(cluster.portOf(node))
    const request = { topics: [{ name: topic }], cursor: null }
    const answer = await connection.request(describeTopicPartitions, 0, request)
    connection.close()
    const partitions = answer.topics[0]?.partitions ?? []
    return partitions.length === 3 && wanted(partitions) ? partitions : null
  })
}

describe('three nodes, killed at once', () => {
  test.each([
    [2, [3, 1, 2]],
    [2, [1, 2, 3]],
    [3, [2, 3, 1]],
  ])(
    'min.insync.replicas %i, back as %o: all lead again, nothing is lost',
    async (min, order) => {
      const topic = `cut-${min}-${order.join('')}`
      await createTopic(topic, min)
      const kafka = kafkaOf(cluster)
      const producer = kafka.producer()
      await producer.connect()
      const messages = Array.from({ length: 60 }, (_, n) => ({ partition: n % 3, value: `${topic}-${n}` }))
      for (const message of messages) await producer.send({ topic, acks: -1, messages: [message] })
      await producer.disconnect()
      await Promise.all([1, 2, 3].map((node) => cluster.kill(node)))
      const [first = 0, second = 0, last = 0] = order
      // One alone has no quorum: its start ends when the second one has joined it.
      await Promise.all([cluster.startNode(first), cluster.startNode(second)])
      await partitionsWhen(first, topic, (partitions) => partitions.every(({ leaderId }) => leaderId >= 0))
      await cluster.startNode(last)
      const whole = await partitionsWhen(last, topic, (partitions) =>
        partitions.every(({ isrNodes }) => isrNodes.length === 3),
      )
      for (const { eligibleLeaderReplicas, lastKnownElr } of whole)
        expect([eligibleLeaderReplicas, lastKnownElr]).toEqual([[], []])
      const values = (await readTopic(kafka, topic, 60)).map(({ message }) => message.value?.toString())
      expect(values.sort()).toEqual(messages.map(({ value }) => value).sort())
    },
    120_000,
  )

  test('shows who is eligible while a node is away', async () => {
    await createTopic('shown', 3)
    await cluster.kill(3)
    const partitions = await partitionsWhen(1, 'shown', (all) =>
      all.every(({ isrNodes }) => isrNodes.length === 2),
    )
    expect(partitions.map(({ eligibleLeaderReplicas }) => eligibleLeaderReplicas)).toEqual([[3], [3], [3]])
    await cluster.startNode(3)
    await partitionsWhen(3, 'shown', (all) => all.every(({ isrNodes }) => isrNodes.length === 3))
  }, 60_000)
})
