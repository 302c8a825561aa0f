/**
 * The raw load generator, a process of its own: prebuilt frames, pipelined to a depth on each connection, the
 * answers only counted and timed. Prints one line of JSON with requests, bytes, seconds and latencies.
 */
import { connect } from 'node:net'
import { batch, fetchFrame, produceFrame, setCorrelationId } from './frames.ts'

interface Load {
  readonly port: number
  readonly kind: 'produce' | 'fetch'
  readonly topic: string
  readonly acks: number
  readonly sizeBytes: number
  readonly connections: number
  readonly depth: number
  readonly warmUpMs: number
  readonly measureMs: number
  /** Requests per second in all; 0: as fast as it goes. */
  readonly rate: number
}

const load = JSON.parse(process.argv[2] ?? '{}') as Load
const latenciesMs: number[] = []
let requests = 0
let bytes = 0
let measuring = false
let stopped = false

function frameOf(): Buffer {
  return load.kind === 'produce'
    ? produceFrame(load.topic, 0, load.acks, batch(load.sizeBytes, Date.now()))
    : fetchFrame(load.topic, 0, 0n, load.sizeBytes, 500)
}

/** One connection: keeps `depth` requests under way. Frames differ only in their correlation id. */
function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
    const frames = Array.from({ length: load.depth }, frameOf)
    const sentMs = new Float64Array(load.depth)
    const header = Buffer.alloc(8)
    let headerBytes = 0
    let bodyLeft = 0
    const send = (slot: number): void => {
      const frame = frames[slot] as Buffer
      setCorrelationId(frame, slot)
      sentMs[slot] = performance.now()
      socket.write(frame)
    }
    const answered = (sizeBytes: number): void => {
      const slot = header.readInt32BE(4)
      if (measuring) {
        latenciesMs.push(performance.now() - (sentMs[slot] ?? 0))
        requests++
        bytes += load.kind === 'produce' ? load.sizeBytes : sizeBytes
      }
      if (stopped) {
        socket.destroy()
        resolve()
      } else send(slot)
    }
    socket.on('connect', () => {
      for (let slot = 0; slot < load.depth; slot++) send(slot)
    })
    socket.on('data', (chunk: Buffer) => {
      let position = 0
      while (position < chunk.length) {
        if (bodyLeft > 0) {
          const taken = Math.min(bodyLeft, chunk.length - position)
          bodyLeft -= taken
          position += taken
          if (bodyLeft === 0) answered(header.readInt32BE(0) - 4)
          continue
        }
        const taken = chunk.copy(header, headerBytes, position, position + 8 - headerBytes)
        headerBytes += taken
        position += taken
        if (headerBytes < 8) continue
        headerBytes = 0
        bodyLeft = header.readInt32BE(0) - 4
        if (bodyLeft === 0) answered(0)
      }
    })
    socket.on('error', (error) => (stopped ? resolve() : reject(error)))
    socket.on('close', () => (stopped ? resolve() : reject(new Error('the server closed the connection'))))
  })
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

let startedMs = 0
setTimeout(() => {
  measuring = true
  startedMs = performance.now()
  process.stdout.write('measuring\n')
}, load.warmUpMs)
setTimeout(() => {
  measuring = false
  stopped = true
  const seconds = (performance.now() - startedMs) / 1_000
  const sorted = latenciesMs.sort((a, b) => a - b)
  process.stdout.write(
    `${JSON.stringify({ requests, bytes, seconds, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) })}\n`,
  )
}, load.warmUpMs + load.measureMs)
await Promise.all(Array.from({ length: load.connections }, run))
