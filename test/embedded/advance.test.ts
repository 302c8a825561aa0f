/** Time that a test lets pass: what grows old by it, and that the cluster stands as it did. */
import { expect, it } from 'vitest'
import { moveOffsets } from '../../src/client/admin-groups.ts'
import { describePartitions } from '../../src/client/admin-topics.ts'
import { committedOffsets } from '../../src/client/consumer.ts'
import { Producer } from '../../src/client/producer.ts'
import { type StartedCluster, startCluster } from '../../src/embedded/testing.ts'
import { listOffsets } from '../../src/protocol/messages/list-offsets.ts'
import { ownClient, until } from './own-client.ts'
import { readValues, stockClient } from './stock-client.ts'

const EARLIEST = -2n

async function beginOf(client: ReturnType<typeof ownClient>, topic: string): Promise<bigint> {
  return client.atLeader(topic, 0, async (leader) => {
    const answer = await client.request(leader, listOffsets, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: EARLIEST }] }],
    })
    return answer.topics[0]?.partitions[0]?.offset ?? -1n
  })
}

const leadersIn = (cluster: StartedCluster): string[] =>
  cluster.history().filter((line) => line.includes('leads'))

it('lets retention take what is old, and leaves the rest', async () => {
  await using cluster = await startCluster({
    nodes: 3,
    topics: [
      { name: 'week', configs: { 'retention.ms': 604_800_000 } },
      { name: 'hour', configs: { 'retention.ms': 3_600_000 } },
    ],
    records: { week: ['a', 'b'], hour: ['c'] },
  })
  const client = ownClient(cluster.bootstrap)
  await cluster.advance('2h')
  expect([await beginOf(client, 'week'), await beginOf(client, 'hour')]).toEqual([0n, 1n])
  await cluster.advance('7d')
  expect(await beginOf(client, 'week')).toBe(2n)
  expect(leadersIn(cluster)).toEqual([])
  const [partition] = await describePartitions(client, 'week')
  expect(partition?.isrNodes).toHaveLength(3)
  // What is written now has the time of its client, unless the cluster stamps it.
  await new Producer(client).send('week', [{ value: Buffer.from('new'), timestampMs: cluster.nowMs }])
  await cluster.advance('1d')
  expect(await readValues(stockClient(cluster), 'week', 1)).toEqual(['new'])
  await client.close()
})

it('ends the sessions of members that are silent for the cluster', async () => {
  await using cluster = await startCluster({ nodes: 1, topics: ['t'], records: { t: ['a'] } })
  const kafka = stockClient(cluster)
  const consumer = kafka.consumer({
    groupId: 'g',
    sessionTimeout: 30_000,
    heartbeatInterval: 200,
    maxWaitTimeInMs: 100,
  })
  const joined: string[] = []
  let again = (): void => {}
  const cameBack = new Promise<void>((resolve) => {
    again = resolve
  })
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    joined.push(payload.memberId)
    if (joined.length === 2) again()
  })
  await consumer.connect()
  await consumer.subscribe({ topic: 't', fromBeginning: true })
  const first = new Promise<void>((resolve) => {
    void consumer.run({ eachMessage: async () => resolve() })
  })
  await first
  await cluster.advance('20s')
  const admin = kafka.admin()
  await admin.connect()
  const members = async (): Promise<number> =>
    (await admin.describeGroups(['g'])).groups[0]?.members.length ?? -1
  expect(await members()).toBe(1)
  await cluster.advance('31s')
  // The client is alive: it hears that it is not known any more, and joins as somebody new.
  await cameBack
  expect(new Set(joined).size).toBe(2)
  await consumer.disconnect()
  await admin.disconnect()
})

it('forgets what an abandoned group has committed', async () => {
  await using cluster = await startCluster({
    nodes: 3,
    topics: ['t'],
    configs: { 'offsets.retention.minutes': 60 },
  })
  const client = ownClient(cluster.bootstrap)
  await moveOffsets(client, 'g', [{ topic: 't', partition: 0, offset: 5 }])
  const committed = async () =>
    (await committedOffsets(client, 'g', [{ topic: 't', partition: 0 }]))[0]?.offset
  await cluster.advance('50m')
  expect(await committed()).toBe(5)
  await cluster.advance('30m')
  expect((await committed()) ?? -1).toBe(-1)
  await client.close()
})

it('starts nothing over that a node has missed while it was down', async () => {
  await using cluster = await startCluster({
    nodes: 3,
    topics: [{ name: 't', configs: { 'retention.ms': 3_600_000 } }],
    records: { t: ['a', 'b'] },
  })
  await cluster.kill(2)
  await cluster.advance('1d')
  await cluster.restart(2)
  const client = ownClient(cluster.bootstrap)
  await until(
    client,
    () => describePartitions(client, 't'),
    ([found]) => found?.isrNodes.length === 3,
  )
  expect(await beginOf(client, 't')).toBe(2n)
  await client.close()
})
