/**
 * The raw load generator, a process of its own: prebuilt frames, pipelined to a depth on each connection, the
 * answers only counted and timed.
 *
 * It warms the server up at a bounded rate, says `warm`, waits for a line on stdin, says `measuring`, and prints one
 * line of JSON with requests, bytes, seconds and latencies. The bound keeps the disk's own backlog, which would
 * throttle the measured seconds, out of the warm-up.
 */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { batch, fetchFrame, produceFrame, setCorrelationId } from './frames.ts'
import { percentile } from './percentile.ts'

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
}

const load = JSON.parse(process.argv[2] ?? '{}') as Load
/** Of records, while warming up. */
const WARM_UP_BYTES_PER_SECOND = 200_000_000
const PACE_MS = 5

const latenciesMs: number[] = []
let requests = 0
let bytes = 0
let phase: 'warming' | 'measuring' | 'stopped' = 'warming'
let allowedBytes = 0
/** Sends held back until the pace allows them. */
let held: (() => void)[] = []

function paced(send: () => void): void {
  if (phase === 'warming' && allowedBytes <= 0) {
    held.push(send)
    return
  }
  allowedBytes -= load.sizeBytes
  send()
}

function releaseHeld(): void {
  allowedBytes = Math.min(
    WARM_UP_BYTES_PER_SECOND / 10,
    allowedBytes + (WARM_UP_BYTES_PER_SECOND * PACE_MS) / 1_000,
  )
  const sends = held
  held = []
  for (const send of sends) paced(send)
}

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
      if (phase === 'measuring') {
        latenciesMs.push(performance.now() - (sentMs[slot] ?? 0))
        requests++
        bytes += load.kind === 'produce' ? load.sizeBytes : sizeBytes
      }
      if (phase === 'stopped') {
        socket.destroy()
        resolve()
      } else paced(() => send(slot))
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
    socket.on('error', (error) => (phase === 'stopped' ? resolve() : reject(error)))
    socket.on('close', () =>
      phase === 'stopped' ? resolve() : reject(new Error('the server closed the connection')),
    )
  })
}

/** Measures for the time asked for, then ends the load and prints what it saw. */
function measureNow(): void {
  const startedMs = performance.now()
  phase = 'measuring'
  releaseHeld()
  process.stdout.write('measuring\n')
  setTimeout(() => {
    phase = 'stopped'
    const seconds = (performance.now() - startedMs) / 1_000
    process.stdout.write(
      `${JSON.stringify({ requests, bytes, seconds, p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) })}\n`,
    )
  }, load.measureMs)
}

const pace = setInterval(releaseHeld, PACE_MS)
setTimeout(() => process.stdout.write('warm\n'), load.warmUpMs)
const go = createInterface({ input: process.stdin })
go.once('line', () => {
  clearInterval(pace)
  measureNow()
  go.close()
  process.stdin.destroy()
})
await Promise.all(Array.from({ length: load.connections }, run))
