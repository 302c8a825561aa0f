/**
 * A stock kafkajs app in a container of its own: an idempotent producer that sends numbered messages with acks=all
 * until SIGTERM, then prints how many were acknowledged. Arguments: bootstrap addresses, topic.
 */
import kafkajs from 'kafkajs'

const [bootstrap, topic] = process.argv.slice(2)
const kafka = new kafkajs.Kafka({
  brokers: bootstrap.split(','),
  logLevel: kafkajs.logLevel.NOTHING,
  retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 40 },
})

const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
let stopped = false
process.on('SIGTERM', () => {
  stopped = true
})
await producer.connect()
let acknowledged = 0
for (; !stopped; acknowledged++) {
  await producer.send({ topic, acks: -1, messages: [{ key: 'in', value: String(acknowledged) }] })
  if (acknowledged === 0) console.log('sending')
}
await producer.disconnect()
console.log(`acknowledged ${acknowledged}`)
