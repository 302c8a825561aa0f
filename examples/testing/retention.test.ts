/** Retention, seven days on: what a reader finds that was away for a week. */
import { Kafka, logLevel } from 'kafkajs'
import { startCluster } from 'sluice/testing'
import { expect, it } from 'vitest'

const DAY_MS = 86_400_000

it('finds only what is younger than a week', async () => {
  await using cluster = await startCluster({
    nodes: 3,
    topics: [
      {
        name: 'readings',
        configs: {
          'retention.ms': 7 * DAY_MS,
          // What goes is whole segments: one for each day.
          'segment.ms': DAY_MS,
          // The client does not know that days pass: the cluster stamps the records by its own clock.
          'message.timestamp.type': 'LogAppendTime',
        },
      },
    ],
    records: { readings: ['monday', 'tuesday'] },
  })
  const kafka = new Kafka({ brokers: cluster.bootstrap, logLevel: logLevel.NOTHING })
  const producer = kafka.producer()
  await producer.connect()

  await cluster.advance('6d')
  await producer.send({ topic: 'readings', messages: [{ value: 'sunday' }] })
  await cluster.advance('2d')

  const consumer = kafka.consumer({ groupId: 'report', maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic: 'readings', fromBeginning: true })
  const first = await new Promise<{ readonly offset: string; readonly text: string }>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => resolve({ offset: message.offset, text: String(message.value) }),
    })
  })

  expect(first).toEqual({ offset: '2', text: 'sunday' })
  await Promise.all([producer.disconnect(), consumer.disconnect()])
})
