/**
 * The peer port of virtual hosts: what gRPC does between real ones, over the same links as everything else.
 *
 * Streams carry whole frames in order; calls have deadlines and say whether they can have arrived. A process that dies
 * breaks its streams; one that is frozen keeps them; of a machine that lost its power nobody hears before it is back.
 */
import { limits } from '../runtime/limits.ts'
import {
  type PeerAddress,
  PeerCallError,
  type PeerHandlers,
  type PeerNetwork,
  type PeerReceiver,
  type PeerServer,
  type PeerStream,
} from '../runtime/peers.ts'
import type { Pipe, VirtualLinks } from './virtual-links.ts'
import type { HostLife } from './virtual-network.ts'

class VirtualStream implements PeerStream {
  readonly life: HostLife
  readonly #onGone: (stream: VirtualStream) => void
  #other: VirtualStream | null = null
  #out: Pipe | null = null
  #receiver: PeerReceiver | null = null
  /** Sent before anybody had answered: they follow the greeting. */
  #early: Buffer[] = []
  readonly #knock: (host: string, answered: () => void) => void
  #isOpen = true
  isVanished = false
  unsentBytes = 0

  /** `knock` calls back if somebody is there, when an answer can have come. */
  constructor(
    life: HostLife,
    onGone: (stream: VirtualStream) => void,
    knock: (host: string, answered: () => void) => void,
  ) {
    this.life = life
    this.#onGone = onGone
    this.#knock = knock
  }

  meet(other: VirtualStream, out: Pipe): void {
    this.#other = other
    this.#out = out
    const early = this.#early
    this.#early = []
    for (const frame of early) this.#carry(frame, out)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  hears(receiver: PeerReceiver): void {
    this.#receiver = receiver
  }

  send(frame: Buffer): void {
    if (!this.#isOpen) return
    this.unsentBytes += frame.length
    const copy = Buffer.from(frame)
    if (this.#out === null) this.#early.push(copy)
    else this.#carry(copy, this.#out)
  }

  close(): void {
    if (!this.#isOpen) return
    this.#out?.send(() => this.#other?.broken(new Error('the other side hung up')))
    this.broken(null)
  }

  /** Its process died. */
  reset(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#onGone(this)
    this.#out?.send(() => this.#other?.broken(new Error('the connection was reset')))
  }

  /** Its machine lost power: the other side is told by nobody, and misses the answer to its keepalive by `missedMs`. */
  vanish(missedMs: number): void {
    this.#isOpen = false
    this.isVanished = true
    const other = this.#other
    other?.life.source.schedule(missedMs, () => other.broken(new Error('nobody answers')))
  }

  #carry(frame: Buffer, out: Pipe): void {
    const other = this.#other
    if (other?.isVanished === true)
      this.#knock(other.life.host, () => this.broken(new Error('the connection was reset')))
    out.send(() => {
      this.unsentBytes -= frame.length
      if (other?.isOpen === true) other.#receiver?.received(frame)
    })
  }

  broken(error: Error | null): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#onGone(this)
    this.#receiver?.closed(error)
  }
}

interface Serving {
  readonly life: HostLife
  readonly handlers: PeerHandlers
}

export class VirtualPeers {
  readonly #links: VirtualLinks
  readonly #serving = new Map<string, Serving>()
  readonly #streams = new Map<HostLife, Set<VirtualStream>>()

  constructor(links: VirtualLinks) {
    this.#links = links
  }

  of(life: HostLife): PeerNetwork {
    this.#streams.set(life, new Set())
    return {
      serve: (_host, port, handlers) => Promise.resolve(this.#serve(life, port, handlers)),
      openStream: (address, _tls, receiver) => this.#openStream(life, address, receiver),
      call: (address, _tls, request, deadlineMs) => this.#call(life, address, request, deadlineMs),
      isListening: (address, limitMs) => this.#isListening(life, address, limitMs),
      close() {},
    }
  }

  end(life: HostLife, how: 'audibly' | 'silently' = 'audibly'): void {
    for (const [key, serving] of this.#serving) if (serving.life === life) this.#serving.delete(key)
    for (const stream of [...(this.#streams.get(life) ?? [])])
      if (how === 'audibly') stream.reset()
      else stream.vanish(this.#links.nowMs + limits.peerKeepaliveMs + limits.peerKeepaliveTimeoutMs)
    this.#streams.delete(life)
  }

  #knock(life: HostLife, host: string, answered: () => void): void {
    const back = this.#links.pipe(host, life.host, life.source)
    this.#links.pipe(life.host, host, life.source).send(() => {
      if ([...this.#streams.keys()].some((there) => there.host === host)) back.send(answered)
    })
  }

  #serve(life: HostLife, port: number, handlers: PeerHandlers): PeerServer {
    const key = keyOf({ host: life.host, port })
    const serving = { life, handlers }
    this.#serving.set(key, serving)
    return {
      port,
      close: async () => {
        if (this.#serving.get(key) === serving) this.#serving.delete(key)
        for (const stream of [...(this.#streams.get(life) ?? [])]) stream.close()
      },
    }
  }

  #openStream(life: HostLife, address: PeerAddress, receiver: PeerReceiver): PeerStream {
    const gone = (stream: VirtualStream): void => {
      this.#streams.get(stream.life)?.delete(stream)
    }
    const knock =
      (from: HostLife) =>
      (host: string, answered: () => void): void =>
        this.#knock(from, host, answered)
    const near = new VirtualStream(life, gone, knock(life))
    near.hears(receiver)
    this.#streams.get(life)?.add(near)
    const there = this.#links.pipe(life.host, address.host, life.source)
    there.send(() => {
      const serving = this.#serving.get(keyOf(address))
      if (serving === undefined) {
        near.broken(new Error('connection refused'))
        return
      }
      if (!near.isOpen) return
      const accepted = new VirtualStream(serving.life, gone, knock(serving.life))
      // First of all: what has been sent already is on its way to it.
      serving.life.source.schedule(0, () => accepted.hears(serving.handlers.accept(accepted)))
      near.meet(accepted, this.#links.pipe(life.host, address.host, serving.life.source))
      accepted.meet(near, this.#links.pipe(address.host, life.host, life.source))
      this.#streams.get(serving.life)?.add(accepted)
    })
    return near
  }

  #call(life: HostLife, address: PeerAddress, request: Buffer, deadlineMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const timer = life.source.schedule(this.#links.nowMs + deadlineMs, () =>
        reject(new PeerCallError('no answer in time', true)),
      )
      const there = this.#links.pipe(life.host, address.host, life.source)
      const back = this.#links.pipe(address.host, life.host, life.source)
      const fail = (mayHaveArrived: boolean): void =>
        back.send(() => {
          timer.cancel()
          reject(new PeerCallError('no connection', mayHaveArrived))
        })
      there.send(() => {
        const serving = this.#serving.get(keyOf(address))
        if (serving === undefined) {
          fail(false)
          return
        }
        serving.life.source.schedule(0, () => {
          serving.handlers.answer(Buffer.from(request)).then(
            (answer) =>
              back.send(() => {
                timer.cancel()
                resolve(answer)
              }),
            () => fail(true),
          )
        })
      })
    })
  }

  /** A frozen process's kernel takes connections still. */
  #isListening(life: HostLife, address: PeerAddress, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = life.source.schedule(this.#links.nowMs + limitMs, () => resolve(false))
      const there = this.#links.pipe(life.host, address.host, life.source)
      const back = this.#links.pipe(address.host, life.host, life.source)
      there.send(() => {
        const isServed = this.#serving.has(keyOf(address))
        back.send(() => {
          timer.cancel()
          resolve(isServed)
        })
      })
    })
  }
}

function keyOf({ host, port }: PeerAddress): string {
  return `${host}:${port}`
}
