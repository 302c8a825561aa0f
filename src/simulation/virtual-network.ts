/**
 * The network port of virtual hosts: listeners by host and port, connections that carry bytes in order.
 *
 * Bytes arrive in pieces as the seed says, down to single ones; a sender whose peer takes nothing has them unsent; a
 * process that dies resets what it had open. A host that is cut off answers nobody, which only time tells.
 */
import type { Connection, Listener, Network, Receiver } from '../runtime/network.ts'
import type { Events } from './event-queue.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Pipe, VirtualLinks } from './virtual-links.ts'

/** What a peer's kernel takes of a sender before it is read. */
const WINDOW_BYTES = 256 * 1024
const FIRST_PORT = 40_000

/** One life of a host's process: what it listens on and has open ends with it. */
export interface HostLife {
  readonly host: string
  readonly source: Events
}

class VirtualConnection implements Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  readonly life: HostLife
  readonly #random: SeededRandom
  readonly #onGone: (connection: VirtualConnection) => void
  #peer: VirtualConnection | null = null
  #out: Pipe | null = null
  #receiver: Receiver | null = null
  /** Arrived, not taken by the receiver. */
  readonly #arrived: Buffer[] = []
  #peerEnded = false
  /** Sent, and not yet taken by the peer. */
  #outstandingBytes = 0
  #mustDrain = false
  #isPaused = false
  #isClosed = false
  #isEnding = false

  constructor(
    life: HostLife,
    ports: { readonly local: number; readonly remoteHost: string; readonly remote: number },
    random: SeededRandom,
    onGone: (connection: VirtualConnection) => void,
  ) {
    this.life = life
    this.localAddress = life.host
    this.localPort = ports.local
    this.remoteAddress = ports.remoteHost
    this.remotePort = ports.remote
    this.#random = random
    this.#onGone = onGone
  }

  meet(peer: VirtualConnection, out: Pipe): void {
    this.#peer = peer
    this.#out = out
  }

  get unsentBytes(): number {
    return Math.max(0, this.#outstandingBytes - WINDOW_BYTES)
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver
    this.life.source.endOfTurn(() => this.#hand())
  }

  write(buffers: readonly Buffer[], sent?: () => void): void {
    const peer = this.#peer
    if (!this.#isClosed && !this.#isEnding && peer !== null) {
      const bytes = Buffer.concat([...buffers])
      this.#outstandingBytes += bytes.length
      if (this.unsentBytes > 0) this.#mustDrain = true
      for (const piece of this.#pieces(bytes)) this.#out?.send(() => peer.arrive(piece))
    }
    // Copied: the memory may change.
    if (sent !== undefined) this.life.source.endOfTurn(sent)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.life.source.endOfTurn(() => this.#hand())
  }

  end(): void {
    if (this.#isClosed || this.#isEnding) return
    this.#isEnding = true
    this.#out?.send(() => this.#peer?.peerIsDone())
    this.life.source.endOfTurn(() => this.close(null))
  }

  destroy(): void {
    if (this.#isClosed) return
    const peer = this.#peer
    this.#out?.send(() => peer?.peerIsDone())
    this.#isClosed = true
    this.#onGone(this)
    this.life.source.endOfTurn(() => this.#receiver?.closed(null))
  }

  /** Its process died: the peer is told by its kernel. */
  reset(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#onGone(this)
    const peer = this.#peer
    this.#out?.send(() => peer?.close(systemError('ECONNRESET', 'the connection was reset')))
  }

  close(error: Error | null): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#onGone(this)
    this.#receiver?.closed(error)
  }

  #pieces(bytes: Buffer): Buffer[] {
    if (bytes.length < 2 || !this.#random.chance(0.1)) return [bytes]
    const at = this.#random.chance(0.3) ? 1 : 1 + this.#random.below(bytes.length - 1)
    return [bytes.subarray(0, at), bytes.subarray(at)]
  }

  arrive(piece: Buffer): void {
    if (this.#isClosed) return
    this.#arrived.push(piece)
    this.#hand()
  }

  peerIsDone(): void {
    this.#peerEnded = true
    this.#hand()
  }

  /** Gives the receiver what has arrived, as long as it takes it. */
  #hand(): void {
    const receiver = this.#receiver
    if (receiver === null) return
    while (!this.#isClosed && !this.#isPaused) {
      const piece = this.#arrived[0]
      if (piece === undefined) break
      const copied = piece.copy(receiver.nextBuffer(), 0)
      if (copied === piece.length) this.#arrived.shift()
      else this.#arrived[0] = piece.subarray(copied)
      receiver.received(copied)
      this.#peer?.taken(copied)
    }
    if (this.#peerEnded && this.#arrived.length === 0) this.close(null)
  }

  taken(sizeBytes: number): void {
    this.#outstandingBytes -= sizeBytes
    if (!this.#mustDrain || this.unsentBytes > 0 || this.#isClosed) return
    this.#mustDrain = false
    this.life.source.endOfTurn(() => this.#receiver?.drained())
  }
}

interface Listening {
  readonly life: HostLife
  readonly accept: (connection: Connection) => void
}

export class VirtualNetwork {
  readonly #links: VirtualLinks
  readonly #random: SeededRandom
  readonly #listening = new Map<string, Listening>()
  readonly #open = new Map<HostLife, Set<VirtualConnection>>()
  #nextPort = FIRST_PORT

  constructor(links: VirtualLinks, random: SeededRandom) {
    this.#links = links
    this.#random = random
  }

  /** The network as one life of a host sees it. */
  of(life: HostLife): Network {
    this.#open.set(life, new Set())
    return {
      listen: async (_host, port, accept) => this.#listen(life, port, accept),
      connect: (host, port, timeoutMs) => this.#connect(life, host, port, timeoutMs),
      serveHttp: (_host, port) => Promise.resolve({ host: life.host, port, close: async () => {} }),
      localAddresses: () => [life.host],
    }
  }

  /** The process is gone: nobody listens there, and what it had open is reset. */
  end(life: HostLife): void {
    for (const [key, listening] of this.#listening) if (listening.life === life) this.#listening.delete(key)
    for (const connection of [...(this.#open.get(life) ?? [])]) connection.reset()
    this.#open.delete(life)
  }

  #listen(life: HostLife, port: number, accept: (connection: Connection) => void): Listener {
    const bound = port === 0 ? this.#nextPort++ : port
    const key = `${life.host}:${bound}`
    if (this.#listening.has(key)) throw new Error(`${key} is in use by another program`)
    const listening = { life, accept }
    this.#listening.set(key, listening)
    return {
      host: life.host,
      port: bound,
      close: async () => {
        if (this.#listening.get(key) === listening) this.#listening.delete(key)
      },
    }
  }

  #connect(life: HostLife, host: string, port: number, timeoutMs: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const { source } = life
      let isOver = false
      const timer = source.schedule(this.#links.nowMs + timeoutMs, () => {
        isOver = true
        reject(systemError('ETIMEDOUT', `no answer from ${host}:${port} within ${timeoutMs} ms`))
      })
      const there = this.#links.pipe(life.host, host, source)
      const back = this.#links.pipe(host, life.host, source)
      there.send(() => {
        // Whoever is there now takes it, in its kernel: a frozen process too.
        const listening = this.#listening.get(`${host}:${port}`)
        const pair = listening === undefined || isOver ? null : this.#pair(life, listening.life, port)
        back.send(() => {
          timer.cancel()
          if (isOver) pair?.near.destroy()
          else if (pair === null) reject(systemError('ECONNREFUSED', `nobody listens at ${host}:${port}`))
          else resolve(pair.near)
        })
        if (pair !== null) listening?.life.source.schedule(0, () => listening.accept(pair.far))
      })
    })
  }

  #pair(
    one: HostLife,
    other: HostLife,
    port: number,
  ): { readonly near: VirtualConnection; readonly far: VirtualConnection } {
    const gone = (connection: VirtualConnection): void => {
      this.#open.get(connection.life)?.delete(connection)
    }
    const local = this.#nextPort++
    const random = this.#random
    const near = new VirtualConnection(one, { local, remoteHost: other.host, remote: port }, random, gone)
    const far = new VirtualConnection(
      other,
      { local: port, remoteHost: one.host, remote: local },
      random,
      gone,
    )
    near.meet(far, this.#links.pipe(one.host, other.host, other.source))
    far.meet(near, this.#links.pipe(other.host, one.host, one.source))
    this.#open.get(one)?.add(near)
    this.#open.get(other)?.add(far)
    return { near, far }
  }
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
