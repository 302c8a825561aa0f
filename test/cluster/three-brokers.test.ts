/** Three real broker processes as one cluster: stock kafkajs apps go on when any of them dies. */

import { once } from 'node:events'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Consumer, Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alterPartitionReassignments } from '../../src/protocol/messages/alter-partition-reassignments.ts'
import { createTopics } from '../../src/protocol/messages/create-topics.ts'
import { describeQuorum } from '../../src/protocol/messages/describe-quorum.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { measureFailover } from '../faults/failover.ts'
import { until } from '../faults/script.ts'
import { BrokerCluster } from './broker-cluster.ts'
import { kafkaOf, readTopic } from './kafkajs-client.ts'
import { RawConnection } from './raw-connection.ts'

let cluster: BrokerCluster

beforeAll(async () => {
  cluster = await BrokerCluster.start()
}, 60_000)

afterAll(() => cluster.close())

/** Asks one node. */
async function ask<T>(node: number, question: (connection: RawConnection) => Promise<T>): Promise<T> {
  const connection = await RawConnection.open(cluster.portOf(node))
  try {
    return await question(connection)
  } finally {
    connection.close()
  }
}

function createTopic(node: number, name: string, replicas: readonly (readonly number[])[]) {
  return ask(node, (connection) =>
    connection.request(createTopics, 7, {
      topics: [
        {
          name,
          numPartitions: -1,
          replicationFactor: -1,
          assignments: replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
          configs: [{ name: 'min.insync.replicas', value: '2' }],
        },
      ],
      timeoutMs: 10_000,
    }),
  )
}

async function partitionsOf(node: number, name: string) {
  const answer = await ask(node, (connection) => connection.request(metadata, 12, { topics: [{ name }] }))
  return answer.topics[0]?.partitions ?? []
}

describe('three brokers', () => {
  test('observed 6: what is made through one node is found on the next request to any other', async () => {
    for (const [index, node] of [1, 2, 3].entries()) {
      const name = `made-on-${node}`
      const answer = await createTopic(node, name, [[1, 2, 3]])
      expect(answer.topics[0]?.errorCode).toBe(0)
      for (const other of [1, 2, 3]) {
        const [partition] = await partitionsOf(other, name)
        expect([index, other, partition?.errorCode, partition?.leaderId]).toEqual([index, other, 0, 1])
      }
    }
  })

  test('tell of their quorum, with the disks of its voters', async () => {
    const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
    const row = await until('every voter has a directory', 20_000, async () => {
      const answer = await ask(2, (connection) => connection.request(describeQuorum, 2, { topics }))
      const found = answer.topics[0]?.partitions[0]
      const known = found?.currentVoters.every(
        ({ replicaDirectoryId }) => replicaDirectoryId !== 'AAAAAAAAAAAAAAAAAAAAAA',
      )
      return known === true ? found : null
    })
    expect(row?.currentVoters.map(({ replicaId }) => replicaId)).toEqual([1, 2, 3])
    expect([1, 2, 3]).toContain(row?.leaderId)
  })

  test('lose nothing that a kafkajs producer was told is written, whoever dies, and keep its consumers', async () => {
    await createTopic(1, 'orders', [
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
    ])
    const kafka = kafkaOf(cluster)
    const producer: Producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    const consumer: Consumer = kafka.consumer({
      groupId: 'readers',
      sessionTimeout: 20_000,
      rebalanceTimeout: 20_000,
    })
    await producer.connect()
    await consumer.connect()
    await consumer.subscribe({ topic: 'orders', fromBeginning: true })
    const seen = new Map<string, number>()
    await consumer.run({
      eachMessage: async ({ message }) => {
        const text = message.value?.toString() ?? ''
        seen.set(text, (seen.get(text) ?? 0) + 1)
      },
    })
    const sent: string[] = []
    const sendSome = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) {
        const value = `order-${sent.length}`
        await producer.send({ topic: 'orders', acks: -1, messages: [{ key: value, value }] })
        sent.push(value)
      }
    }
    await sendSome(50)
    for (const node of [1, 2, 3]) {
      const killed = cluster.kill(node)
      await sendSome(50)
      await killed
      await cluster.startNode(node)
      await until(`node ${node} is in sync again`, 30_000, async () => {
        const partitions = await partitionsOf(node, 'orders')
        return partitions.length === 3 && partitions.every(({ isrNodes }) => isrNodes.length === 3)
          ? true
          : null
      })
    }
    await until('everything is read', 60_000, async () =>
      sent.every((value) => seen.has(value)) ? true : null,
    )
    await producer.disconnect()
    await consumer.disconnect()
    const reader = kafka.consumer({ groupId: 'once-more' })
    const all: string[] = []
    await reader.connect()
    await reader.subscribe({ topic: 'orders', fromBeginning: true })
    await reader.run({ eachMessage: async ({ message }) => void all.push(message.value?.toString() ?? '') })
    await until('everything is read once more', 60_000, async () => (all.length >= sent.length ? true : null))
    await reader.disconnect()
    expect([...all].sort()).toEqual([...sent].sort())
  }, 240_000)

  test('survive the loss of one disk after the other', async () => {
    await createTopic(1, 'kept', [[1, 2, 3]])
    const kafka = kafkaOf(cluster)
    const producer = kafka.producer()
    await producer.connect()
    for (const node of [1, 2, 3]) {
      await producer.send({ topic: 'kept', acks: -1, messages: [{ value: `before-${node}` }] })
      await cluster.kill(node)
      rmSync(cluster.dataDirectory(node), { recursive: true, force: true })
      await cluster.startNode(node)
      // Each new disk votes before the next one is lost: no majority of the old ones is left at the end.
      await until(`node ${node} votes with its new disk, and has everything`, 30_000, async () => {
        const [partition] = await partitionsOf(node, 'kept')
        const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
        const answer = await ask(node, (connection) => connection.request(describeQuorum, 2, { topics }))
        const row = answer.topics[0]?.partitions[0]
        const votes = row?.currentVoters.some(
          ({ replicaId, logEndOffset }) => replicaId === node && logEndOffset >= (row?.highWatermark ?? 0n),
        )
        return votes === true && row?.observers.length === 0 && partition?.isrNodes.length === 3 ? true : null
      })
    }
    await producer.disconnect()
    const values = (await readTopic(kafka, 'kept', 3)).map(({ message }) => message.value?.toString())
    expect(values.sort()).toEqual(['before-1', 'before-2', 'before-3'])
  }, 120_000)

  test('move a partition to another node and let the old one go', async () => {
    await createTopic(3, 'moving', [[1, 2]])
    const move = await ask(2, (connection) =>
      connection.request(alterPartitionReassignments, 0, {
        timeoutMs: 10_000,
        topics: [{ name: 'moving', partitions: [{ partitionIndex: 0, replicas: [3, 2] }] }],
      }),
    )
    expect(move.responses[0]?.partitions[0]?.errorCode).toBe(0)
    await until('the partition has moved', 20_000, async () => {
      const [partition] = await partitionsOf(1, 'moving')
      return partition?.replicaNodes.join() === '3,2' && partition.isrNodes.length === 2 ? true : null
    })
  })
})

test('a broker that is killed is replaced in a moment, and comes back', async () => {
  const rounds = await measureFailover('kill', 3, () => {})
  expect(rounds).toHaveLength(3)
  // How long the gaps are is the fault script's to print; here each of them has ended.
  for (const round of rounds) expect(round.raw.ledMs).toBeLessThan(2_000)
}, 120_000)

test('a broker whose metadata log is lost halts, and says why', async () => {
  const own = await BrokerCluster.start()
  try {
    const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
    const connection = await RawConnection.open(own.portOf(1))
    const quorum = await connection.request(describeQuorum, 0, { topics })
    connection.close()
    const controller = quorum.topics[0]?.partitions[0]?.leaderId ?? -1
    const struck = (controller % 3) + 1
    const folder = join(own.dataDirectory(struck), '__cluster_metadata-0')
    renameSync(folder, `${folder}.lost`)
    const broker = own.node(struck)
    const ended = once(broker.process, 'exit')
    // Its vote is needed now, and cannot be written down.
    await own.kill(controller)
    expect(await ended).toEqual([1, null])
    expect(broker.errors()).toContain('this node halts: its metadata log has failed')
  } finally {
    await own.close()
  }
}, 60_000)
