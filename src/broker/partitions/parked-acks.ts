/**
 * Produce requests that wait until their records count: for acks=1 until written, for acks=all until the
 * high watermark passes them.
 *
 * Completed in the order of offsets by whoever moves the mark; failed from an offset on when appends were
 * taken back, and wholly when the leader epoch changes (trap 11). Holds no timers: the request does.
 */
export interface ParkedAck {
  /** The records count when the mark reaches this offset. */
  readonly endOffset: number
  /** Called once, with 0 or an error code. */
  readonly settle: (errorCode: number) => void
}

export class ParkedAcks {
  /** Ascending by `endOffset`; a retried batch may come with an older offset than the last. */
  #waiting: ParkedAck[] = []
  #head = 0

  get size(): number {
    return this.#waiting.length - this.#head
  }

  park(ack: ParkedAck): void {
    let index = this.#waiting.length
    while (index > this.#head && (this.#waiting[index - 1] as ParkedAck).endOffset > ack.endOffset) index--
    if (index === this.#waiting.length) this.#waiting.push(ack)
    else this.#waiting.splice(index, 0, ack)
  }

  /** Settles everything up to and with `markOffset`, without an error unless told. */
  reached(markOffset: number, errorCode = 0): void {
    while (this.#head < this.#waiting.length) {
      const ack = this.#waiting[this.#head] as ParkedAck
      if (ack.endOffset > markOffset) break
      this.#head++
      ack.settle(errorCode)
    }
    this.#compact()
  }

  /** Settles everything that ends behind `fromOffset` with an error. */
  failFrom(fromOffset: number, errorCode: number): void {
    const failed: ParkedAck[] = []
    const kept: ParkedAck[] = []
    for (let index = this.#head; index < this.#waiting.length; index++) {
      const ack = this.#waiting[index] as ParkedAck
      if (ack.endOffset > fromOffset) failed.push(ack)
      else kept.push(ack)
    }
    this.#waiting = kept
    this.#head = 0
    for (const ack of failed) ack.settle(errorCode)
  }

  #compact(): void {
    if (this.#head === this.#waiting.length) {
      this.#waiting.length = 0
      this.#head = 0
    } else if (this.#head > 1_024) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
  }
}
