// Sends a file line by line with stock kafkajs, with keys and headers, reads it back with a group of three
// consumers, and compares every byte.
//
//   node examples/kafkajs-round-trip.js [FILE] [BOOTSTRAP]
//
// Without a file it takes the text of this project's own dependencies, 120,000 lines of it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'

const [path, bootstrap = process.env.BOOTSTRAP ?? 'localhost:9092'] = process.argv.slice(2)
const LINES_WITHOUT_FILE = 120_000
const LINES_PER_REQUEST = 2_000
const PARTITIONS = 6

function textOfDependencies() {
  const lines = []
  for (const entry of readdirSync(join(import.meta.dirname, '../node_modules'), {
    recursive: true,
    withFileTypes: true,
  })) {
    if (!entry.isFile() || !/\.(js|md|ts)$/.test(entry.name)) continue
    lines.push(...readFileSync(join(entry.parentPath, entry.name), 'utf8').split('\n'))
    if (lines.length >= LINES_WITHOUT_FILE) return lines.slice(0, LINES_WITHOUT_FILE)
  }
  return lines
}

const lines = path === undefined ? textOfDependencies() : readFileSync(path, 'utf8').split('\n')
const topic = `round-trip-${Date.now()}`
const kafka = new Kafka({ clientId: 'round-trip', brokers: [bootstrap], logLevel: logLevel.ERROR })
const admin = kafka.admin()
await admin.connect()
await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] })

const startedMs = performance.now()
const producer = kafka.producer({ idempotent: true })
await producer.connect()
for (let first = 0; first < lines.length; first += LINES_PER_REQUEST) {
  const messages = lines.slice(first, first + LINES_PER_REQUEST).map((line, index) => ({
    key: `line-${first + index}`,
    value: line,
    headers: { number: String(first + index), source: path ?? 'node_modules' },
  }))
  await producer.send({ topic, messages, acks: -1 })
}
const sentMs = performance.now()

const received = new Array(lines.length)
let missing = lines.length
const perConsumer = [0, 0, 0]
let finish
const finished = new Promise((resolve) => {
  finish = resolve
})
const consumers = perConsumer.map(() => kafka.consumer({ groupId: `${topic}-readers` }))
await Promise.all(
  consumers.map(async (consumer, index) => {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      partitionsConsumedConcurrently: PARTITIONS,
      eachMessage: async ({ message }) => {
        const number = Number(message.headers.number.toString())
        if (message.key.toString() !== `line-${number}`)
          throw new Error(`line ${number} has the key ${message.key}`)
        if (received[number] === undefined) missing--
        received[number] = message.value
        perConsumer[index]++
        if (missing === 0) finish()
      },
    })
  }),
)
await finished
const readMs = performance.now()

const different = lines.filter((line, index) => !received[index].equals(Buffer.from(line)))
console.log(
  `${lines.length} lines sent in ${Math.round(sentMs - startedMs)} ms, read in ${Math.round(readMs - sentMs)} ms`,
)
console.log(`the three consumers read ${perConsumer.join(', ')} messages`)
console.log(different.length === 0 ? 'every byte is the same' : `${different.length} lines differ`)
await Promise.all([
  producer.disconnect(),
  admin.disconnect(),
  ...consumers.map((consumer) => consumer.disconnect()),
])
process.exitCode = different.length === 0 ? 0 : 1
