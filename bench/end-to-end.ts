/**
 * The way of a record from its producer to a waiting consumer: records at a rate over one connection, each timed
 * from its send until a fetch that was waiting for it has brought it over another.
 *
 * A process of its own, like the other loads, and one that sleeps between two sends: a load that spins would take
 * one of two cores and measure the scheduler. Prints one line of JSON with the percentiles.
 */
import { connect } from 'node:net'
import { batch, fetchFrame, produceFrame } from './frames.ts'
import { percentile } from './percentile.ts'
import { ask } from './wire.ts'

interface Options {
  readonly port: number
  readonly topic: string
  readonly recordsPerSecond: number
  readonly acks: number
  readonly warmUpMs: number
  readonly measureMs: number
}

const options = JSON.parse(process.argv[2] ?? '{}') as Options
const MIB = 1024 ** 2

const recordsPerMs = options.recordsPerSecond / 1_000
const warmUpRecords = options.warmUpMs * recordsPerMs
const total = warmUpRecords + options.measureMs * recordsPerMs
const sentAtMs = new Float64Array(total)
const latenciesMs = new Float64Array(total)
let sent = 0
let seen = 0

/** The high watermark in a Fetch 11 answer, its size left out, for one partition of the topic. */
function highWatermarkOf(answer: Buffer): number {
  const topicAt = 4 + 4 + 2 + 4 + 4
  const partitionAt = topicAt + 2 + answer.readInt16BE(topicAt) + 4
  return Number(answer.readBigInt64BE(partitionAt + 4 + 2))
}

function finish(): void {
  const steady = latenciesMs.subarray(warmUpRecords)
  const result = {
    p50Ms: percentile(steady, 0.5),
    p99Ms: percentile(steady, 0.99),
    p999Ms: percentile(steady, 0.999),
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
  process.exit(0)
}

const firstOffset = highWatermarkOf(await ask(options.port, fetchFrame(options.topic, 0, 0n, 1, 0)))
const reader = connect({ port: options.port, host: '127.0.0.1', noDelay: true })
const fetchNext = (): boolean =>
  reader.write(fetchFrame(options.topic, 0, BigInt(firstOffset + seen), MIB, 500))
let pending: Buffer = Buffer.alloc(0)
reader.on('connect', fetchNext)
reader.on('data', (chunk: Buffer) => {
  pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
  if (pending.length < 4 || pending.length < 4 + pending.readInt32BE(0)) return
  const nowMs = performance.now()
  const visible = highWatermarkOf(pending.subarray(4)) - firstOffset
  pending = Buffer.alloc(0)
  for (; seen < visible; seen++) latenciesMs[seen] = nowMs - (sentAtMs[seen] ?? nowMs)
  if (seen >= total) finish()
  else fetchNext()
})

const writer = connect({ port: options.port, host: '127.0.0.1', noDelay: true })
writer.resume()
const frame = produceFrame(options.topic, 0, options.acks, batch(200, Date.now()))
const startedMs = performance.now()
const pace = setInterval(() => {
  const due = Math.min(total, Math.floor((performance.now() - startedMs) * recordsPerMs))
  for (; sent < due; sent++) {
    sentAtMs[sent] = performance.now()
    writer.write(frame)
  }
  if (sent >= total) clearInterval(pace)
}, 1)
