/** Duplicate-free processing under retries: answers get lost, clients try again, and every order is charged once. */
import { type Consumer, Kafka, logLevel } from 'kafkajs'
import { startCluster } from 'sluice/testing'
import { expect, it } from 'vitest'

/** What is under test: an order may come twice, and must be charged once. */
async function chargeOrders(consumer: Consumer, charge: (order: string) => void): Promise<void> {
  const charged = new Set<string>()
  await consumer.run({
    eachMessage: async ({ message }) => {
      const id = String(message.key)
      if (charged.has(id)) return
      charged.add(id)
      charge(id)
    },
  })
}

it('charges every order once', async () => {
  await using cluster = await startCluster({ nodes: 3, topics: ['orders'] })
  const kafka = new Kafka({
    brokers: cluster.bootstrap,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 20 },
  })
  const producer = kafka.producer()
  const admin = kafka.admin()
  const consumer = kafka.consumer({ groupId: 'billing', maxWaitTimeInMs: 100 })
  await Promise.all([producer.connect(), admin.connect(), consumer.connect()])

  // The records are written, and the client is told that they may not be: it sends them again.
  const lost = cluster.fail('Produce', {
    code: 'REQUEST_TIMED_OUT',
    carriedOut: true,
    times: 3,
    topic: 'orders',
  })
  for (const key of ['a', 'b', 'c', 'd'])
    await producer.send({ topic: 'orders', messages: [{ key, value: '10 €' }] })
  expect(lost.struck).toBe(3)
  const [partition] = await admin.fetchTopicOffsets('orders')
  expect(partition?.high).toBe('7')

  // The same may happen to commits.
  cluster.fail('OffsetCommit', { code: 'NOT_COORDINATOR', times: 2 })
  const charges: string[] = []
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  await new Promise<void>((resolve) => {
    void chargeOrders(consumer, (order) => {
      charges.push(order)
      if (order === 'd') resolve()
    })
  })

  expect(charges).toEqual(['a', 'b', 'c', 'd'])
  await Promise.all([producer.disconnect(), admin.disconnect(), consumer.disconnect()])
})

it('needs no such care where the producer is idempotent', async () => {
  await using cluster = await startCluster({ nodes: 3, topics: ['orders'] })
  const kafka = new Kafka({
    brokers: cluster.bootstrap,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 20 },
  })
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  const admin = kafka.admin()
  await Promise.all([producer.connect(), admin.connect()])

  const lost = cluster.fail('Produce', {
    code: 'REQUEST_TIMED_OUT',
    carriedOut: true,
    times: 3,
    topic: 'orders',
  })
  for (const key of ['a', 'b', 'c', 'd'])
    await producer.send({ topic: 'orders', messages: [{ key, value: '10 €' }] })

  expect(lost.struck).toBe(3)
  const [partition] = await admin.fetchTopicOffsets('orders')
  expect(partition?.high).toBe('4')
  await Promise.all([producer.disconnect(), admin.disconnect()])
})
