/**
 * The place of one request in its connection's order, until its answer has been handed to the socket.
 *
 * It owns the request's memory: whoever still points into the frame (a batch on its way to disk) must
 * finish before `releaseFrame`. Answered exactly once, with nothing for a request that wants no answer.
 */
import type { Slab } from './slab-pool.ts'

export interface ExchangeOwner {
  /** One of the owner's exchanges has its answer. */
  completed(exchange: Exchange): void
  frameReleased(sizeBytes: number): void
}

export class Exchange {
  readonly frame: Buffer
  readonly receivedMs: number
  readonly #owner: ExchangeOwner
  #slab: Slab | null
  #answer: readonly Buffer[] | null = null
  #sent: (() => void) | undefined

  constructor(owner: ExchangeOwner, frame: Buffer, slab: Slab, receivedMs: number) {
    this.#owner = owner
    this.frame = frame
    this.receivedMs = receivedMs
    this.#slab = slab
    slab.retain()
  }

  get answer(): readonly Buffer[] | null {
    return this.#answer
  }

  get sent(): (() => void) | undefined {
    return this.#sent
  }

  /** Lets the frame's memory be used again. Idempotent. */
  releaseFrame(): void {
    if (this.#slab === null) return
    this.#slab.release()
    this.#slab = null
    this.#owner.frameReleased(this.frame.length)
  }

  /**
   * Answers with these bytes, none at all for a request that wants no answer. `sent` is called when the
   * socket has taken them, or never will.
   */
  complete(answer: readonly Buffer[], sent?: () => void): void {
    if (this.#answer !== null) throw new Error('a request is answered twice')
    this.#answer = answer
    this.#sent = sent
    this.#owner.completed(this)
  }
}
