/** Moves that were planned a moment ago: what is gone since then is told, or taken as done. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reassign } from '../../src/client/admin-cluster.ts'
import { createTopic } from '../../src/client/admin-topics.ts'
import { type BrokerProcess, startBroker } from '../cluster/broker-process.ts'
import { connectTo } from '../faults/test-client.ts'

let broker: BrokerProcess

beforeAll(async () => {
  broker = await startBroker()
}, 60_000)

afterAll(() => broker.close())

test('a partition that is gone fails a move, unless the caller takes it as done', async () => {
  const cluster = connectTo(broker.bootstrap, 5_000)
  await createTopic(cluster, { name: 'here', partitions: 1, replicationFactor: 1, configs: {} })
  const moves = ['here', 'gone'].map((topic) => ({ topic, partition: 0, replicas: [1] }))
  await expect(reassign(cluster, moves)).rejects.toThrow('gone-0')
  await reassign(cluster, moves, true)
  const nowhere = [{ topic: 'here', partition: 0, replicas: [9] }]
  await expect(reassign(cluster, nowhere, true)).rejects.toThrow('here-0')
  await cluster.close()
}, 60_000)
