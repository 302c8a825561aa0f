/**
 * The network between nodes, in memory: ordered streams and calls that take a millisecond of virtual time, and links that
 * can be cut in one direction or both. What is sent over a cut link waits, as in TCP, and comes when it heals. Nodes are
 * named by their hosts; a port is only a number.
 */
import type { Clock } from '../../../../src/runtime/clock.ts'
import {
  type PeerAddress,
  PeerCallError,
  type PeerHandlers,
  type PeerNetwork,
  type PeerReceiver,
  type PeerServer,
  type PeerStream,
} from '../../../../src/runtime/peers.ts'

const LATENCY_MS = 1

class MemoryStream implements PeerStream {
  readonly from: string
  readonly to: string
  readonly #network: MemoryNetwork
  other: MemoryStream | null = null
  receiver: PeerReceiver | null = null
  isOpen = true
  unsentBytes = 0

  constructor(network: MemoryNetwork, from: string, to: string) {
    this.#network = network
    this.from = from
    this.to = to
  }

  send(frame: Buffer): void {
    if (!this.isOpen) return
    this.unsentBytes += frame.length
    const copy = Buffer.from(frame)
    this.#network.carry(this.from, this.to, () => {
      this.unsentBytes -= copy.length
      if (this.other?.isOpen) this.other.receiver?.received(copy)
    })
  }

  close(): void {
    if (!this.isOpen) return
    this.end(null)
    this.#network.carry(this.from, this.to, () => this.other?.end(new Error('the other side hung up')))
  }

  end(error: Error | null): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.receiver?.closed(error)
  }
}

export class MemoryNetwork {
  readonly #clock: Clock
  readonly #servers = new Map<string, PeerHandlers>()
  readonly #cut = new Set<string>()
  readonly #held = new Map<string, Array<() => void>>()
  readonly #streams = new Set<MemoryStream>()
  /** Nodes that never take what is sent to them. */
  readonly deaf = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs when what was sent has arrived. */
  carry(from: string, to: string, arrive: () => void): void {
    const link = `${from}>${to}`
    if (this.#cut.has(link) || this.deaf.has(to)) {
      const held = this.#held.get(link) ?? []
      held.push(arrive)
      this.#held.set(link, held)
    } else this.#clock.schedule(LATENCY_MS, arrive)
  }

  /** Nothing comes from one node to the other any more. */
  cutOneWay(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`)
  }

  cut(a: string, b: string): void {
    this.cutOneWay(a, b)
    this.cutOneWay(b, a)
  }

  heal(): void {
    this.#cut.clear()
    for (const held of this.#held.values())
      for (const arrive of held) this.#clock.schedule(LATENCY_MS, arrive)
    this.#held.clear()
  }

  /** The process of a node is gone: its streams break, and nobody answers there. */
  kill(name: string): void {
    this.#servers.delete(name)
    this.deaf.delete(name)
    for (const stream of [...this.#streams]) {
      if (stream.from !== name) continue
      this.#streams.delete(stream)
      stream.isOpen = false
      const { other } = stream
      this.#clock.schedule(LATENCY_MS, () => other?.end(new Error('the connection was reset')))
    }
  }

  /** The streams between two nodes break; both live. */
  breakStreams(a: string, b: string): void {
    for (const stream of [...this.#streams]) {
      if (!((stream.from === a && stream.to === b) || (stream.from === b && stream.to === a))) continue
      this.#streams.delete(stream)
      this.#clock.schedule(LATENCY_MS, () => stream.end(new Error('the connection was reset')))
    }
  }

  peersOf(name: string): PeerNetwork {
    return {
      serve: (_host, port, handlers) => Promise.resolve(this.#serve(name, port, handlers)),
      openStream: (address, _tls, receiver) => this.#open(name, address, receiver),
      call: (address, _tls, request, deadlineMs) => this.#call(name, address.host, request, deadlineMs),
      isListening: (address, limitMs) => this.#isListening(name, address.host, limitMs),
      close: () => {},
    }
  }

  /** A process that is deaf is frozen: connections to it are taken still. */
  #isListening(from: string, to: string, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const isCut = this.#cut.has(`${from}>${to}`) || this.#cut.has(`${to}>${from}`)
      const isListening = !isCut && this.#servers.has(to)
      this.#clock.schedule(isCut ? limitMs : 2 * LATENCY_MS, () => resolve(isListening))
    })
  }

  #serve(name: string, port: number, handlers: PeerHandlers): PeerServer {
    this.#servers.set(name, handlers)
    return {
      port,
      close: () => {
        if (this.#servers.get(name) === handlers) this.#servers.delete(name)
        return Promise.resolve()
      },
    }
  }

  #open(from: string, { host }: PeerAddress, receiver: PeerReceiver): PeerStream {
    const near = new MemoryStream(this, from, host)
    const far = new MemoryStream(this, host, from)
    near.receiver = receiver
    near.other = far
    far.other = near
    this.#streams.add(near)
    this.carry(from, host, () => {
      const handlers = this.#servers.get(host)
      if (handlers === undefined) {
        this.#streams.delete(near)
        near.end(new Error('connection refused'))
        return
      }
      if (!near.isOpen) return
      this.#streams.add(far)
      far.receiver = handlers.accept(far)
      if (!far.isOpen) far.receiver.closed(null)
    })
    return near
  }

  #call(from: string, to: string, request: Buffer, deadlineMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.schedule(deadlineMs, () =>
        reject(new PeerCallError('no answer in time', true)),
      )
      const fail = (mayHaveArrived: boolean): void => {
        timer.cancel()
        reject(new PeerCallError('no connection', mayHaveArrived))
      }
      this.carry(from, to, () => {
        const handlers = this.#servers.get(to)
        if (handlers === undefined) {
          fail(false)
          return
        }
        handlers.answer(Buffer.from(request)).then(
          (answer) =>
            this.carry(to, from, () => {
              if (this.#servers.get(to) !== handlers) fail(true)
              timer.cancel()
              resolve(answer)
            }),
          () => fail(true),
        )
      })
    })
  }
}
