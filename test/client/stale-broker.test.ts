/** A client whose first broker is cut off from the others, and goes on telling what was true before. */
import { expect, it } from 'vitest'
import { createTopic, describePartitions } from '../../src/client/admin-topics.ts'
import { Producer } from '../../src/client/producer.ts'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { Simulation } from '../../src/simulation/simulation.ts'

it('finds the new leader though the broker that it asks first believes to lead still', async () => {
  const simulation = new Simulation({ seed: 1, nodes: 3, hostTurn })
  await simulation.start()
  const client = simulation.client('writer', { retryMs: 60_000, requestTimeoutMs: 2_000 })
  const topic = { name: 'orders', partitions: 3, replicationFactor: 3 }
  await simulation.settled(createTopic(client, { ...topic, configs: { 'min.insync.replicas': '2' } }))
  const led = (await simulation.settled(describePartitions(client, 'orders'))).find(
    ({ leaderId }) => leaderId === 1,
  )
  const partition = led?.partitionIndex ?? -1
  const producer = new Producer(client, { timeoutMs: 1_000 })
  const send = () => producer.send('orders', [{ partition, value: Buffer.from('x') }])
  await simulation.settled(send())
  for (const other of ['node-2', 'node-3']) {
    simulation.links.cut('node-1', other)
    simulation.links.cut(other, 'node-1')
  }
  await simulation.settled(send())
  // Whichever of them it asks.
  for (let asked = 0; asked < 6; asked++) {
    client.forget('orders')
    expect(await simulation.settled(client.leader('orders', partition))).not.toBe(1)
  }
}, 30_000)
