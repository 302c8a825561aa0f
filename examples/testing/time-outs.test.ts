/**
 * Time that only the cluster sees: the session of a consumer that was silent for too long, and the commits of a group that
 * nobody uses any more. The client's own clock goes on as ever, so it meets either as a surprise, as in real life.
 */
import { Kafka, logLevel } from 'kafkajs'
import { startCluster } from 'sluice/testing'
import { expect, it } from 'vitest'

it('brings a consumer back whose session has ended', async () => {
  await using cluster = await startCluster({ topics: ['orders'], records: { orders: ['one'] } })
  const kafka = new Kafka({ brokers: cluster.bootstrap, logLevel: logLevel.NOTHING })
  const producer = kafka.producer()
  const consumer = kafka.consumer({
    groupId: 'shop',
    sessionTimeout: 30_000,
    heartbeatInterval: 100,
    maxWaitTimeInMs: 100,
  })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  const handled: string[] = []
  let look = (): void => {}
  const hasHandled = (order: string): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (handled.includes(order)) resolve()
      }
      look()
    })
  await consumer.run({
    eachMessage: async ({ message }) => {
      handled.push(String(message.value))
      look()
    },
  })
  await hasHandled('one')

  // For the cluster half a minute passes without a heartbeat: it forgets the consumer, which joins again.
  const joinedAgain = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await cluster.advance('31s')
  await joinedAgain
  await producer.send({ topic: 'orders', messages: [{ value: 'two' }] })
  await hasHandled('two')

  expect(cluster.history().at(-1)).toContain('31s pass')

  await Promise.all([producer.disconnect(), consumer.disconnect()])
})

it('forgets where a group stood that was away for a week', async () => {
  await using cluster = await startCluster({ topics: ['orders'], records: { orders: ['one', 'two'] } })
  const kafka = new Kafka({ brokers: cluster.bootstrap, logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  const consumer = kafka.consumer({ groupId: 'shop', maxWaitTimeInMs: 100 })
  await Promise.all([admin.connect(), consumer.connect()])
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  await new Promise<void>((resolve) => {
    void consumer.run({ eachMessage: async ({ message }) => void (message.offset === '1' && resolve()) })
  })
  await consumer.disconnect()
  const stands = async (): Promise<string | undefined> => {
    const [topic] = await admin.fetchOffsets({ groupId: 'shop', topics: ['orders'] })
    return topic?.partitions[0]?.offset
  }

  await cluster.advance('6d')
  expect(await stands()).toBe('2')
  await cluster.advance('2d')
  expect(await stands()).toBe('-1')
  await admin.disconnect()
})
