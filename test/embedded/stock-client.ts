/** kafkajs as users have it, against a cluster inside the test. */
import kafkajs, { type Kafka } from 'kafkajs'

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'

export function stockClient({ bootstrap }: { readonly bootstrap: string[] }): Kafka {
  return new kafkajs.Kafka({
    brokers: bootstrap,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 20 },
  })
}

/** The first `count` values of a topic, as a group of its own reads them. */
export async function readValues(kafka: Kafka, topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `reader-of-${topic}`, maxWaitTimeInMs: 100 })
  const values: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        values.push(String(message.value))
        if (values.length === count) resolve()
      },
    })
  })
  await consumer.disconnect()
  return values
}
