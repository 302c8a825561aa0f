/**
 * The times and sizes that people feel: start, restart after a kill, many partitions and idle memory.
 */
import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batch, createTopicsFrame, metadataFrame, produceFrame } from './frames.ts'
import { median } from './percentile.ts'
import { startBroker } from './servers.ts'
import { ask } from './wire.ts'

const TOPIC = 'bench'
const GIB = 1024 ** 3
const MIB = 1024 ** 2
/** By then the memory that the start needed has been given back. */
const SETTLE_MS = 4_000

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** Milliseconds from the process's start to its first answer, on an empty folder. */
export async function startTimes(rounds: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds + 1; round++) {
    const startedMs = performance.now()
    const server = await startBroker()
    await ask(server.port, metadataFrame('first'))
    // The first start fills the compile cache.
    if (round > 0) times.push(performance.now() - startedMs)
    await server.close()
  }
  return median(times)
}

/** Milliseconds from the start to the first answer after a kill with 1 GiB in the log, half a second of load behind it. */
export async function restartAfterKill(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const settings = { 'log.segment.bytes': String(256 * MIB) }
  let server = await startBroker(settings, directory)
  await ask(server.port, metadataFrame(TOPIC))
  const frame = produceFrame(TOPIC, 0, 1, batch(1_000_000, Date.now()))
  await flood(server.port, frame, Math.ceil(GIB / 1_000_000))
  await server.kill('SIGKILL')
  const startedMs = performance.now()
  server = await startBroker(settings, directory)
  await ask(server.port, metadataFrame(TOPIC))
  const elapsedMs = performance.now() - startedMs
  await server.close()
  return elapsedMs
}

/** Sends a frame `count` times over one connection, four at once, and waits for the last answer. */
function flood(port: number, frame: Buffer, count: number): Promise<void> {
  return new Promise((done, fail) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let sent = 0
    let received = 0
    let pending = Buffer.alloc(0)
    const send = (): void => {
      if (sent >= count) return
      sent++
      socket.write(frame)
    }
    socket.on('connect', () => {
      for (let index = 0; index < 4; index++) send()
    })
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
        pending = pending.subarray(4 + pending.readInt32BE(0))
        received++
        send()
      }
      if (received < count) return
      socket.destroy()
      done()
    })
    socket.on('error', fail)
  })
}

/** Creates topics of 100 partitions, ten a request, and starts again on the same folder. */
export async function manyPartitions(count: number): Promise<{ createMs: number; restartMs: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  let server = await startBroker({}, directory)
  const startedMs = performance.now()
  for (let first = 0; first < count / 100; first += 10) {
    const topics = Array.from({ length: 10 }, (_, index) => ({
      name: `many-${first + index}`,
      partitions: 100,
    }))
    await ask(server.port, createTopicsFrame(topics))
  }
  const createMs = performance.now() - startedMs
  await server.kill('SIGTERM')
  const restartedMs = performance.now()
  server = await startBroker({}, directory)
  await ask(server.port, metadataFrame('many-0'))
  const restartMs = performance.now() - restartedMs
  await server.close()
  return { createMs, restartMs }
}

export async function memory(
  partitions: number,
): Promise<{ idleBytes: number; withPartitionsBytes: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  let server = await startBroker({}, directory)
  await sleep(SETTLE_MS)
  const idleBytes = server.residentBytes()
  for (let first = 0; first < partitions / 100; first += 10) {
    const topics = Array.from({ length: Math.min(10, partitions / 100) }, (_, index) => ({
      name: `many-${first + index}`,
      partitions: 100,
    }))
    await ask(server.port, createTopicsFrame(topics))
  }
  await server.kill('SIGTERM')
  server = await startBroker({}, directory)
  await sleep(SETTLE_MS)
  const withPartitionsBytes = server.residentBytes()
  await server.close()
  return { idleBytes, withPartitionsBytes }
}
