/**
 * The network port of virtual hosts: listeners by host and port, connections that carry bytes in order.
 *
 * Bytes arrive in pieces as the seed says, down to single ones; a sender whose peer takes nothing has them unsent; a
 * process that dies resets what it had open. A host that is cut off answers nobody, which only time tells; nor does one
 * that lost its power, and when it is back it resets what it no longer knows.
 */
import type { Connection, Listener, Network, Receiver } from '../runtime/network.ts'
import type { Events } from './event-queue.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Pipe, VirtualLinks } from './virtual-links.ts'

/** What a peer's kernel takes of a sender before it is read. */
const WINDOW_BYTES = 256 * 1024
const FIRST_PORT = 40_000
const SPLIT_SHARE = 0.1
const PIECES_MAX = 12
const GHOST_MS_MAX = 5_000

/** One life of a host's process: what it listens on and has open ends with it. */
export interface HostLife {
  readonly host: string
  readonly source: Events
}

/** What a connection asks of the network around it. */
interface Surroundings {
  readonly random: SeededRandom
  /** Share of the writes that are taken apart into many pieces; null where few are, into two. */
  readonly splitShare: number | null
  gone(connection: VirtualConnection): void
  /** Calls back if somebody is there, when an answer can have come. */
  knock(life: HostLife, host: string, answered: () => void): void
}

class VirtualConnection implements Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  readonly life: HostLife
  readonly #around: Surroundings
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
  #isVanished = false
  #breaksAmid = false

  constructor(
    life: HostLife,
    ports: { readonly local: number; readonly remoteHost: string; readonly remote: number },
    around: Surroundings,
  ) {
    this.life = life
    this.localAddress = life.host
    this.localPort = ports.local
    this.remoteAddress = ports.remoteHost
    this.remotePort = ports.remote
    this.#around = around
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
      const all = Buffer.concat([...buffers])
      const bytes = this.#breaksAmid ? all.subarray(0, this.#around.random.below(all.length)) : all
      this.#outstandingBytes += bytes.length
      if (this.unsentBytes > 0) this.#mustDrain = true
      for (const piece of this.#pieces(bytes)) this.#out?.send(() => peer.arrive(piece))
      if (this.#breaksAmid) this.#break(peer)
      else if (peer.#isVanished) this.#around.knock(this.life, this.remoteAddress, () => this.close(broken()))
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
    this.#around.gone(this)
    this.life.source.endOfTurn(() => this.#receiver?.closed(null))
  }

  /** What is written next goes out in part, and then both ends are reset. */
  breakAmid(): void {
    this.#breaksAmid = true
  }

  #break(peer: VirtualConnection): void {
    this.#out?.send(() => peer.close(broken()))
    this.#isEnding = true
    this.life.source.endOfTurn(() => this.close(broken()))
  }

  /** Its machine lost power: nobody is told. */
  vanish(): void {
    this.#isClosed = true
    this.#isVanished = true
  }

  /** Its process died: the peer is told by its kernel. */
  reset(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#around.gone(this)
    const peer = this.#peer
    this.#out?.send(() => peer?.close(broken()))
  }

  close(error: Error | null): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#around.gone(this)
    this.#receiver?.closed(error)
  }

  #pieces(bytes: Buffer): Buffer[] {
    const { random, splitShare } = this.#around
    if (bytes.length < 2 || !random.chance(splitShare ?? SPLIT_SHARE)) return [bytes]
    const pieces: Buffer[] = []
    let rest = bytes
    for (let left = splitShare === null ? 2 : PIECES_MAX; left > 1 && rest.length > 1; left--) {
      // Single bytes at the head, where lengths stand, and anything behind.
      const isSingle = splitShare !== null ? random.chance(0.7) : random.chance(0.3)
      const at = isSingle ? 1 : 1 + random.below(rest.length - 1)
      pieces.push(rest.subarray(0, at))
      rest = rest.subarray(at)
    }
    return [...pieces, rest]
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

export class VirtualNetwork implements Surroundings {
  readonly #links: VirtualLinks
  readonly random: SeededRandom
  /** See `Surroundings`. */
  splitShare: number | null = null
  /** Share of the connections of which a copy arrives: nobody is at its other end. */
  ghostShare = 0
  readonly #listening = new Map<string, Listening>()
  readonly #open = new Map<HostLife, Set<VirtualConnection>>()
  #nextPort = FIRST_PORT

  constructor(links: VirtualLinks, random: SeededRandom) {
    this.#links = links
    this.random = random
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

  /** The process is gone: nobody listens there, and what it had open is reset, unless nobody is there to do it. */
  end(life: HostLife, how: 'audibly' | 'silently' = 'audibly'): void {
    for (const [key, listening] of this.#listening) if (listening.life === life) this.#listening.delete(key)
    for (const connection of [...(this.#open.get(life) ?? [])])
      if (how === 'audibly') connection.reset()
      else connection.vanish()
    this.#open.delete(life)
  }

  /** Of that share of the connections that the host has, the next write comes in part, and then a reset. */
  breakSome(host: string, share: number): void {
    for (const [life, connections] of this.#open)
      if (life.host === host)
        for (const connection of connections) if (this.random.chance(share)) connection.breakAmid()
  }

  gone(connection: VirtualConnection): void {
    this.#open.get(connection.life)?.delete(connection)
  }

  knock(life: HostLife, host: string, answered: () => void): void {
    const back = this.#links.pipe(host, life.host, life.source)
    this.#links.pipe(life.host, host, life.source).send(() => {
      if ([...this.#open.keys()].some((there) => there.host === host)) back.send(answered)
    })
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
        if (listening === undefined || pair === null) return
        listening.life.source.schedule(0, () => listening.accept(pair.far))
        if (this.ghostShare > 0 && this.random.chance(this.ghostShare)) this.#ghost(life, listening, port)
      })
    })
  }

  /** A connection that was asked for twice: what is at its other end says nothing, and goes some time. */
  #ghost(life: HostLife, listening: Listening, port: number): void {
    const { near, far } = this.#pair(life, listening.life, port)
    listening.life.source.schedule(0, () => listening.accept(far))
    life.source.schedule(this.#links.nowMs + this.random.between(0, GHOST_MS_MAX), () => near.destroy())
  }

  #pair(
    one: HostLife,
    other: HostLife,
    port: number,
  ): { readonly near: VirtualConnection; readonly far: VirtualConnection } {
    const local = this.#nextPort++
    const near = new VirtualConnection(one, { local, remoteHost: other.host, remote: port }, this)
    const far = new VirtualConnection(other, { local: port, remoteHost: one.host, remote: local }, this)
    near.meet(far, this.#links.pipe(one.host, other.host, other.source))
    far.meet(near, this.#links.pipe(other.host, one.host, one.source))
    this.#open.get(one)?.add(near)
    this.#open.get(other)?.add(far)
    return { near, far }
  }
}

function broken(): Error {
  return systemError('ECONNRESET', 'the connection was reset')
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
