/**
 * A hostile client as a process of its own: `hostile-load.ts KIND PORT`, as fast as one process goes, until told
 * to stop. It prints how much it has done.
 *
 * Kinds: `random` frames; valid frames with bits `flipped`; `idle` connections; `deaf` readers that ask for much
 * and never read; frames that are `declared` huge and hardly sent.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'
import { setPriority } from 'node:os'
import { encodeRequest } from '../../src/protocol/header.ts'
import { apiVersions } from '../../src/protocol/messages/api-versions.ts'
import { fetch } from '../../src/protocol/messages/fetch.ts'
import { metadata } from '../../src/protocol/messages/metadata.ts'
import { goldenFrames } from './golden-frames.ts'

export const BULK_TOPIC = 'bulk'
export const BULK_PARTITIONS = 4
export const KINDS = ['random', 'flipped', 'idle', 'deaf', 'declared'] as const
export type HostileKind = (typeof KINDS)[number]

const FLOODING_CONNECTIONS = 16
const IDLE_CONNECTIONS = 5_000
const DEAF_CONNECTIONS = 32
const DECLARING_CONNECTIONS = 1_000
const PENDING_BYTES_MAX = 256 * 1024
const REOPEN_MS = 5
const counts = { connections: 0, frames: 0, bytes: 0, closedByBroker: 0 }

/** One connection that is opened again whenever the broker closes it. */
function keepOpen(port: number, pauseMs: number, use: (socket: Socket) => void): void {
  const socket = createConnection({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.on('connect', () => {
    counts.connections++
    use(socket)
  })
  socket.on('close', () => {
    counts.closedByBroker++
    setTimeout(() => keepOpen(port, pauseMs, use), pauseMs)
  })
}

function send(socket: Socket, frame: Buffer): void {
  counts.frames++
  counts.bytes += frame.length
  socket.write(frame)
}

/** Sends one frame after the other, as fast as the socket takes them, and throws the answers away. */
function flood(socket: Socket, next: () => Buffer): void {
  socket.resume()
  const fill = (): void => {
    for (let sent = 0; sent < 64 && !socket.destroyed; sent++) {
      if (socket.writableLength > PENDING_BYTES_MAX) {
        socket.once('drain', () => setImmediate(fill))
        return
      }
      send(socket, next())
    }
    if (!socket.destroyed) setImmediate(fill)
  }
  fill()
}

function framed(body: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

function randomFrame(): Buffer {
  const body = randomBytes(randomInt(1, 2_000))
  // Half of them look like a request at first.
  if (body.length > 8 && randomInt(2) === 0) {
    body.writeInt16BE(randomInt(75), 0)
    body.writeInt16BE(randomInt(16), 2)
    body.writeInt16BE(-1, Math.min(8, body.length - 2))
  }
  return framed(body)
}

function flippedFrame(frames: readonly Buffer[]): Buffer {
  const frame = Buffer.from(frames[randomInt(frames.length)] ?? Buffer.alloc(16))
  for (let flips = randomInt(1, 5); flips > 0; flips--) {
    // The declared size and the API stay, so that the bits arrive where they mean something.
    const at = randomInt(6, frame.length)
    frame[at] = (frame[at] ?? 0) ^ (1 << randomInt(8))
  }
  return frame
}

function bytesOf(buffers: readonly Buffer[]): Buffer {
  return Buffer.concat(buffers)
}

function hugeFetch(correlationId: number): Buffer {
  const partitions = Array.from({ length: BULK_PARTITIONS }, (_, partition) => ({
    partition,
    fetchOffset: 0n,
    partitionMaxBytes: 64 * 1024 * 1024,
  }))
  return bytesOf(
    encodeRequest(fetch, 12, correlationId, 'deaf', {
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 64 * 1024 * 1024,
      isolationLevel: 0,
      topics: [{ topic: BULK_TOPIC, partitions }],
      forgottenTopicsData: [],
    }),
  )
}

function allMetadata(correlationId: number): Buffer {
  return bytesOf(encodeRequest(metadata, 12, correlationId, 'deaf', { topics: null }))
}

function handshake(): Buffer {
  const body = { clientSoftwareName: 'idle', clientSoftwareVersion: '1' }
  return bytesOf(encodeRequest(apiVersions, 3, 1, 'idle', body))
}

function beDeaf(socket: Socket): void {
  socket.pause()
  for (let request = 0; request < 200; request++)
    send(socket, request % 2 === 0 ? hugeFetch(request) : allMetadata(request))
  const more = setInterval(() => {
    if (socket.destroyed) clearInterval(more)
    else if (socket.writableLength < PENDING_BYTES_MAX) send(socket, allMetadata(0))
  }, 20)
}

/** Too large a frame, which is closed at once; or one that is just allowed, of which little ever comes. */
function declare(socket: Socket, tooLarge: boolean): void {
  const head = Buffer.alloc(tooLarge ? 64 : randomInt(5, 8_192))
  head.writeInt32BE(tooLarge ? 0x7fff_ffff : 100 * 1024 * 1024)
  send(socket, head)
  socket.resume()
}

/** Starts that kind of hostility. */
export function beHostile(kind: HostileKind, port: number, scale: number): void {
  const times = (count: number, start: (index: number) => void): void => {
    for (let index = 0; index < Math.max(1, count * scale); index++) setTimeout(start, index / 2, index)
  }
  switch (kind) {
    case 'random':
      times(FLOODING_CONNECTIONS, () => keepOpen(port, REOPEN_MS, (socket) => flood(socket, randomFrame)))
      return
    case 'flipped': {
      const frames = goldenFrames()
      times(FLOODING_CONNECTIONS, () =>
        keepOpen(port, REOPEN_MS, (socket) => flood(socket, () => flippedFrame(frames))),
      )
      return
    }
    case 'idle':
      times(IDLE_CONNECTIONS, (index) =>
        keepOpen(port, 1_000, (socket) => {
          socket.resume()
          if (index % 2 === 0) send(socket, handshake())
        }),
      )
      return
    case 'deaf':
      times(DEAF_CONNECTIONS, () => keepOpen(port, 1_000, beDeaf))
      return
    case 'declared':
      times(FLOODING_CONNECTIONS, () => keepOpen(port, REOPEN_MS, (socket) => declare(socket, true)))
      times(DECLARING_CONNECTIONS, () => keepOpen(port, 1_000, (socket) => declare(socket, false)))
      return
  }
}

const [, , kind, port, scale] = process.argv
const found = KINDS.find((one) => one === kind)
if (process.argv[1] === import.meta.filename && found !== undefined) {
  // An attacker has a machine of its own; here it must not take the processor from those that are measured.
  setPriority(10)
  process.on('SIGTERM', () => {
    console.log(
      `${counts.connections} connections, ${counts.frames} frames, ${(counts.bytes / 1e6).toFixed(1)} MB sent, ${counts.closedByBroker} closed`,
    )
    process.exit(0)
  })
  beHostile(found, Number(port), Number(scale ?? 1))
}
