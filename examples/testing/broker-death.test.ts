/** A consumer that survives a broker's death: the leader of its partition, killed in the middle of its work. */
import { Kafka, logLevel } from 'kafkajs'
import { startCluster } from 'sluice/testing'
import { expect, it } from 'vitest'

it('handles every order although the leader dies', async () => {
  await using cluster = await startCluster({ nodes: 3, topics: ['orders'] })
  const kafka = new Kafka({
    brokers: cluster.bootstrap,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, retries: 20 },
  })
  const admin = kafka.admin()
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId: 'shop', maxWaitTimeInMs: 100 })
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()])

  const handled = new Set<string>()
  let allHandled = (): void => {}
  const done = new Promise<void>((resolve) => {
    allHandled = resolve
  })
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      handled.add(String(message.value))
      if (handled.size === 20) allHandled()
    },
  })

  const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] })
  const leader = topics[0]?.partitions[0]?.leader ?? 0
  for (let order = 0; order < 20; order++) {
    if (order === 10) await cluster.kill(leader)
    await producer.send({ topic: 'orders', messages: [{ value: `order ${order}` }] })
  }
  await done

  expect(handled.size).toBe(20)
  expect(cluster.history().join('\n')).toContain(`node ${leader} is killed`)
  await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()])
})
