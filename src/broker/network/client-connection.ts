/**
 * One client connection: frames in, answers out in the order of the requests.
 *
 * Kafka works on one request of a connection at a time, and clients rely on that order; here only produce
 * requests, whose appends happen in order anyway, overlap. Answers that are ready in one turn of the event
 * loop leave in one write. A slow reader or a flood is met by not reading from that connection and by not
 * beginning its next request, and costs no other one anything.
 */
import { limits } from '../../runtime/limits.ts'
import type { Connection } from '../../runtime/network.ts'
import { Seats } from '../../runtime/seats.ts'
import type { ConnectionHost } from './connection-host.ts'
import { Exchange, type ExchangeOwner } from './exchange.ts'
import { FrameReceiver } from './frame-receiver.ts'
import type { Slab } from './slab-pool.ts'

function answerBytes(exchange: Exchange): number {
  let sizeBytes = 0
  for (const buffer of exchange.answer ?? []) sizeBytes += buffer.length
  return sizeBytes
}

export class ClientConnection implements ExchangeOwner {
  readonly id: number
  readonly listenerName: string
  readonly socket: Connection
  readonly openedMs: number
  /** What the client says of itself in ApiVersions (KIP-511). */
  softwareName = 'unknown'
  softwareVersion = 'unknown'
  lastActiveMs: number
  requestsBegun = 0
  readonly #host: ConnectionHost
  readonly #receiver: FrameReceiver
  /** Requests that are being worked on, in order. */
  readonly #working: Exchange[] = []
  /** Requests that have to wait for those. */
  readonly #waiting: Exchange[] = []
  readonly #onClosed = new Seats<() => void>()
  readonly #onRequestWaiting = new Seats<() => void>()
  #beginning = false
  /** Bytes of answers that wait for the end of the turn. */
  #answeredBytes = 0
  #begunInSlice = 0
  #sliceBeganMs = 0
  #nextSliceScheduled = false
  #flushScheduled = false
  #paused = false
  #closed = false
  #closeWhenAnswered = false
  #lastProgressMs: number

  constructor(id: number, listenerName: string, socket: Connection, host: ConnectionHost) {
    this.id = id
    this.listenerName = listenerName
    this.socket = socket
    this.#host = host
    this.openedMs = host.clock.monotonicMs()
    this.lastActiveMs = this.openedMs
    this.#lastProgressMs = this.openedMs
    this.#receiver = new FrameReceiver(
      host.slabs,
      { frame: (bytes, slab) => this.#frame(bytes, slab), malformed: (reason) => this.close(reason) },
      host.frameSizeBytesMax,
    )
    socket.start({
      nextBuffer: () => this.#receiver.nextBuffer(),
      received: (bytesRead) => this.#received(bytesRead),
      drained: () => this.#drained(),
      closed: (error) => this.#lost(error),
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Calls back once when the connection is gone, at once if it already is; the answer takes the wish back. */
  onClosed(callback: () => void): () => void {
    if (this.#closed) {
      callback()
      return () => {}
    }
    const seat = this.#onClosed.take(callback)
    return () => this.#onClosed.leave(seat)
  }

  /**
   * Calls back when a request has to wait for those being worked on, at once if one does: who only waits for something
   * to tell may make way for it. The answer takes the wish back.
   */
  onRequestWaiting(callback: () => void): () => void {
    if (this.#waiting.length > 0) callback()
    const seat = this.#onRequestWaiting.take(callback)
    return () => this.#onRequestWaiting.leave(seat)
  }

  /** Closes at once; answers under way are dropped. */
  close(reason: string): void {
    if (this.#closed) return
    this.#host.log.debug('connection closed', {
      peer: this.socket.remoteAddress,
      port: this.socket.remotePort,
      reason,
    })
    this.socket.destroy()
    this.#lost(null)
  }

  /** Closes when what has been asked so far is answered; reads nothing more. */
  closeWhenAnswered(): void {
    this.#closeWhenAnswered = true
    this.#balance()
    this.#scheduleFlush()
  }

  /** True while a request is being worked on or waits. */
  get busy(): boolean {
    return this.#working.length > 0 || this.#waiting.length > 0
  }

  /** Milliseconds for which the peer has taken nothing of what we have for it; 0 when nothing waits. */
  stalledMs(nowMs: number): number {
    return this.socket.unsentBytes > 0 ? nowMs - this.#lastProgressMs : 0
  }

  completed(exchange: Exchange): void {
    if (this.#closed) {
      exchange.sent?.()
      return
    }
    const sizeBytes = answerBytes(exchange)
    this.#answeredBytes += sizeBytes
    this.#host.memory.take(sizeBytes)
    this.#scheduleFlush()
    this.#begin()
  }

  /** Sets memory aside for an answer, a share of what is wanted when little is free; `giveBack` exactly that. */
  setAside(wantedBytes: number): number {
    const sizeBytes = this.#host.memory.share(wantedBytes)
    this.#host.memory.take(sizeBytes)
    return sizeBytes
  }

  giveBack(sizeBytes: number): void {
    this.#host.memory.give(sizeBytes)
  }

  frameReleased(sizeBytes: number): void {
    this.#host.memory.give(sizeBytes)
  }

  /** Reads on or stops reading, whichever the bounds ask for now. */
  rebalance(): void {
    this.#balance()
  }

  #received(bytesRead: number): void {
    if (this.#closed) return
    this.#host.metrics.bytesIn.add(bytesRead)
    this.#receiver.received(bytesRead)
    if (!this.#closed) this.#balance()
  }

  #drained(): void {
    this.#lastProgressMs = this.#host.clock.monotonicMs()
    this.#begin()
    this.#balance()
  }

  #frame(bytes: Buffer, slab: Slab): void {
    this.lastActiveMs = this.#host.clock.monotonicMs()
    this.#host.memory.take(bytes.length)
    this.#waiting.push(new Exchange(this, bytes, slab, this.lastActiveMs))
    this.#begin()
    if (this.#waiting.length > 0) for (const callback of this.#onRequestWaiting) callback()
  }

  #begin(): void {
    if (this.#beginning) return
    this.#beginning = true
    while (this.#waiting.length > 0 && !this.#closed && this.#mayBegin(this.#waiting[0] as Exchange)) {
      if (this.#sliceIsOver()) break
      const exchange = this.#waiting.shift() as Exchange
      this.#working.push(exchange)
      this.requestsBegun++
      this.#host.dispatch(this, exchange)
    }
    this.#beginning = false
    if (this.#paused && !this.#closed) this.#balance()
  }

  #mayBegin(next: Exchange): boolean {
    if (this.#working.length >= limits.inFlightRequestsPerConnectionMax || this.#peerIsSlow()) return false
    if (this.#working.length === 0) return true
    const last = this.#working[this.#working.length - 1] as Exchange
    if (last.answer !== null && this.#working.every((exchange) => exchange.answer !== null)) return true
    return this.#host.mayOverlap(last.frame) && this.#host.mayOverlap(next.frame)
  }

  /** What was asked already waits for a peer that does not take it; the next answer would only add to that. */
  #peerIsSlow(): boolean {
    const waitingBytes = this.#answeredBytes + this.socket.unsentBytes
    return waitingBytes > 0 && waitingBytes > this.#host.memory.share(limits.unsentBytesPerConnectionPause)
  }

  /** True when it is the other connections' turn: this one goes on in the next. */
  #sliceIsOver(): boolean {
    const { clock } = this.#host
    if (this.#begunInSlice === 0) {
      this.#sliceBeganMs = clock.monotonicMs()
      clock.endOfTurn(this.#endSlice)
    }
    this.#begunInSlice++
    if (this.#begunInSlice <= limits.requestsPerSliceMin) return false
    if (clock.monotonicMs() - this.#sliceBeganMs < limits.requestSliceMs) return false
    if (!this.#nextSliceScheduled) {
      this.#nextSliceScheduled = true
      clock.schedule(0, () => {
        this.#nextSliceScheduled = false
        this.#begin()
      })
    }
    return true
  }

  readonly #endSlice = (): void => {
    this.#begunInSlice = 0
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#closed) return
    this.#flushScheduled = true
    this.#host.clock.endOfTurn(() => {
      this.#flushScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#closed) return
    const buffers: Buffer[] = []
    const sentCallbacks: Array<() => void> = []
    let answered = 0
    let sizeBytes = 0
    for (const exchange of this.#working) {
      const answer = exchange.answer
      if (answer === null) break
      answered++
      for (const buffer of answer) {
        buffers.push(buffer)
        sizeBytes += buffer.length
      }
      if (exchange.sent !== undefined) sentCallbacks.push(exchange.sent)
    }
    this.#working.splice(0, answered)
    this.#answeredBytes -= sizeBytes
    if (buffers.length > 0) this.#send(buffers, sizeBytes, sentCallbacks)
    else for (const callback of sentCallbacks) callback()
    if (this.#closeWhenAnswered && !this.busy) this.socket.end()
    this.#balance()
  }

  #send(buffers: Buffer[], sizeBytes: number, sentCallbacks: Array<() => void>): void {
    const { memory, metrics, clock } = this.#host
    metrics.bytesOut.add(sizeBytes)
    if (this.socket.unsentBytes === 0) this.#lastProgressMs = clock.monotonicMs()
    this.socket.write(buffers, () => {
      this.#lastProgressMs = clock.monotonicMs()
      memory.give(sizeBytes)
      for (const callback of sentCallbacks) callback()
      this.#begin()
    })
  }

  #balance(): void {
    if (this.#closed) return
    const full =
      this.#closeWhenAnswered ||
      this.#waiting.length >= limits.waitingRequestsPerConnectionMax ||
      this.#working.length >= limits.inFlightRequestsPerConnectionMax ||
      this.#peerIsSlow() ||
      (this.#host.memory.exhausted && this.#keepsMemory)
    if (full === this.#paused) return
    this.#paused = full
    if (full) {
      this.socket.pause()
      if (this.#host.memory.exhausted) this.#host.memory.whenFree(this)
    } else this.socket.resume()
  }

  /** Only who keeps some of the memory can give it back by waiting; all others are served as ever. */
  get #keepsMemory(): boolean {
    return this.busy || this.socket.unsentBytes > 0
  }

  #lost(error: Error | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#host.memory.give(this.#answeredBytes)
    this.#answeredBytes = 0
    if (error !== null)
      this.#host.log.debug('connection lost', { peer: this.socket.remoteAddress, error: error.message })
    this.#receiver.close()
    for (const exchange of this.#waiting) exchange.releaseFrame()
    for (const exchange of this.#working) exchange.sent?.()
    this.#waiting.length = 0
    this.#working.length = 0
    for (const callback of this.#onClosed) callback()
    this.#host.connectionClosed(this)
  }
}
