/** The producer against brokers of a simulated world, where an answer can be lost on purpose. */
import { expect, it } from 'vitest'
import { createTopic } from '../../src/client/admin-topics.ts'
import { Consumer } from '../../src/client/consumer.ts'
import { Producer } from '../../src/client/producer.ts'
import { hostTurn } from '../../src/runtime/node/host-turn.ts'
import { Simulation } from '../../src/simulation/simulation.ts'

it('keeps what an idempotent producer sends after a send whose fate it does not know', async () => {
  const simulation = new Simulation({ seed: 1, nodes: 1, hostTurn })
  await simulation.start()
  const admin = simulation.client('admin')
  const topic = { name: 'orders', partitions: 1, replicationFactor: 1, configs: {} }
  await simulation.settled(createTopic(admin, topic))
  const client = simulation.client('writer', { retryMs: 0, requestTimeoutMs: 500 })
  const producer = new Producer(client, { idempotent: true, timeoutMs: 100 })
  const send = (text: string) => producer.send('orders', [{ partition: 0, value: Buffer.from(text) }])
  await simulation.settled(send('first'))
  simulation.links.cut('node-1', 'writer')
  const lost = send('its answer is lost')
  await expect(simulation.settled(lost)).rejects.toMatchObject({ code: 'TIMED_OUT' })
  simulation.links.heal()
  await simulation.settled(send('last'))

  const values: string[] = []
  const reading = new Consumer(admin, { maxWaitMs: 50 }).readFrom(
    [{ topic: 'orders', partition: 0, offset: 0 }],
    async ({ records }) => {
      values.push(...records.map(({ value }) => String(value)))
      return true
    },
    () => false,
  )
  await simulation.settled(reading)
  expect(values).toEqual(['first', 'its answer is lost', 'last'])
}, 30_000)
