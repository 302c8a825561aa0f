/**
 * A network in memory: what one side writes the other reads a millisecond later, in order. Hosts are names, and the way
 * between two of them can be cut.
 */
import type { Clock } from '../../../src/runtime/clock.ts'
import type { Connection, HttpAnswer, Listener, Network, Receiver } from '../../../src/runtime/network.ts'

const LATENCY_MS = 1

class MemoryConnection implements Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  readonly unsentBytes = 0
  readonly #clock: Clock
  #peer: MemoryConnection | null = null
  #receiver: Receiver | null = null
  #early: Buffer[] = []
  #closed = false
  isStalled = false

  constructor(clock: Clock, local: readonly [string, number], remote: readonly [string, number]) {
    this.#clock = clock
    this.localAddress = local[0]
    this.localPort = local[1]
    this.remoteAddress = remote[0]
    this.remotePort = remote[1]
  }

  meet(peer: MemoryConnection): void {
    this.#peer = peer
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver
    const early = this.#early
    this.#early = []
    for (const bytes of early) this.deliver(bytes)
  }

  write(buffers: readonly Buffer[], sent?: () => void): void {
    const bytes = Buffer.concat([...buffers])
    const peer = this.#peer
    if (!this.isStalled && peer?.isStalled !== true)
      this.#clock.schedule(LATENCY_MS, () => peer?.deliver(bytes))
    sent?.()
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.destroy()
  }

  destroy(): void {
    if (this.#closed) return
    this.hangUp()
    const peer = this.#peer
    this.#clock.schedule(LATENCY_MS, () => peer?.hangUp())
  }

  hangUp(): void {
    if (this.#closed) return
    this.#closed = true
    this.#receiver?.closed(null)
  }

  deliver(bytes: Buffer): void {
    if (this.#closed) return
    const receiver = this.#receiver
    if (receiver === null) {
      this.#early.push(bytes)
      return
    }
    for (let position = 0; position < bytes.length && !this.#closed; ) {
      const copied = bytes.copy(receiver.nextBuffer(), 0, position)
      position += copied
      receiver.received(copied)
    }
  }
}

export class MemoryNetwork {
  readonly #clock: Clock
  readonly #listening = new Map<string, (connection: Connection) => void>()
  readonly #open: { readonly ends: readonly [string, string]; readonly one: MemoryConnection }[] = []
  /** Pairs of hosts that cannot reach each other. */
  readonly #cut = new Set<string>()
  dialled = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The network as that host sees it. */
  of(host: string): Network {
    return {
      listen: (_host, port, accept) => this.#listen(host, port, accept),
      connect: (to, port) => this.#connect(host, to, port),
      serveHttp: (_host: string, _port: number, _answer: (path: string) => HttpAnswer) =>
        Promise.reject(new Error('no HTTP here')),
      localAddresses: () => [host],
    }
  }

  /** From now on the two hear nothing of each other; what was open breaks. */
  part(one: string, other: string): void {
    this.#cut.add(pair(one, other))
    for (const { ends, one: connection } of this.#open)
      if (pair(...ends) === pair(one, other)) connection.destroy()
  }

  /** What is open between the two is open still, and nothing comes through any more: TCP waits out its back-off. */
  stall(one: string, other: string): void {
    for (const { ends, one: connection } of this.#open)
      if (pair(...ends) === pair(one, other)) connection.isStalled = true
  }

  join(one: string, other: string): void {
    this.#cut.delete(pair(one, other))
  }

  async #listen(host: string, port: number, accept: (connection: Connection) => void): Promise<Listener> {
    const key = `${host}:${port}`
    this.#listening.set(key, accept)
    return {
      host,
      port,
      close: async () => {
        this.#listening.delete(key)
      },
    }
  }

  async #connect(from: string, to: string, port: number): Promise<Connection> {
    this.dialled++
    const accept = this.#cut.has(pair(from, to)) ? undefined : this.#listening.get(`${to}:${port}`)
    if (accept === undefined) throw Object.assign(new Error(`nobody at ${to}`), { code: 'ECONNREFUSED' })
    const near: readonly [string, number] = [from, 40_000 + this.dialled]
    const one = new MemoryConnection(this.#clock, near, [to, port])
    const other = new MemoryConnection(this.#clock, [to, port], near)
    one.meet(other)
    other.meet(one)
    this.#open.push({ ends: [from, to], one })
    accept(other)
    return one
  }
}

function pair(one: string, other: string): string {
  return [one, other].sort().join('|')
}
