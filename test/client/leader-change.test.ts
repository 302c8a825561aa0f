/** Our client against a real cluster: who leads is looked up again when nobody answers there any more. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTopic } from '../../src/client/admin-topics.ts'
import { LATEST, lookUpOffset } from '../../src/client/fetcher.ts'
import { Producer } from '../../src/client/producer.ts'
import { BrokerCluster } from '../cluster/broker-cluster.ts'
import { connectTo } from '../faults/test-client.ts'

let brokers: BrokerCluster

beforeAll(async () => {
  brokers = await BrokerCluster.start()
}, 60_000)

afterAll(() => brokers.close())

test('a producer and an offset look-up go to the new leader when the old one is dead for good', async () => {
  const cluster = connectTo(brokers.bootstrap, 15_000)
  const producer = new Producer(cluster, { idempotent: true })
  await createTopic(cluster, { name: 'led', partitions: 1, replicationFactor: 3, configs: {} })
  const send = (text: string) => producer.send('led', [{ partition: 0, value: Buffer.from(text) }])
  await send('before')
  await brokers.kill(await cluster.leader('led', 0))
  await send('after')
  expect(await lookUpOffset(cluster, 'led', 0, LATEST)).toBe(2)
  await cluster.close()
}, 60_000)
