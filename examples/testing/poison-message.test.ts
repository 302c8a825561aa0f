/** A poison message: one record that cannot be read must not stop those behind it. */
import { type Consumer, Kafka, logLevel, type Producer } from 'kafkajs'
import { startCluster } from 'sluice/testing'
import { expect, it } from 'vitest'

/** What is under test: it lays aside what it cannot read, and goes on. */
async function addUp(consumer: Consumer, letters: Producer, added: (sum: number) => void): Promise<void> {
  let sum = 0
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      try {
        sum += JSON.parse(String(message.value)).amount
        added(sum)
      } catch (error) {
        const headers = { reason: String(error), offset: message.offset }
        await letters.send({ topic: `${topic}.dead-letters`, messages: [{ value: message.value, headers }] })
      }
    },
  })
}

it('lays a poison message aside', async () => {
  await using cluster = await startCluster({
    topics: ['payments', 'payments.dead-letters'],
    records: { payments: ['{"amount":1}', '{"amount":', '{"amount":2}'] },
  })
  const kafka = new Kafka({
    brokers: cluster.bootstrap,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 10 },
  })
  const consumer = kafka.consumer({ groupId: 'sums', maxWaitTimeInMs: 100 })
  const letters = kafka.producer()
  const admin = kafka.admin()
  await Promise.all([consumer.connect(), letters.connect(), admin.connect()])
  // Even when the place to lay it aside is not to be had at first.
  cluster.fail('Produce', { code: 'NOT_ENOUGH_REPLICAS', times: 2, topic: 'payments.dead-letters' })

  await consumer.subscribe({ topic: 'payments', fromBeginning: true })
  await new Promise<void>((resolve) => {
    void addUp(consumer, letters, (sum) => {
      if (sum === 3) resolve()
    })
  })

  const [laidAside] = await admin.fetchTopicOffsets('payments.dead-letters')
  expect(laidAside?.high).toBe('1')
  await Promise.all([consumer.disconnect(), letters.disconnect(), admin.disconnect()])
})
