/**
 * The active controller's ear: which brokers it has heard of lately, and whom it must fence.
 *
 * A machine: heartbeats, hints and the time come as events. A hint (a stream that closed) is never believed by itself: it
 * asks for a probe. A probe that finds nobody listening ends the session at once, any other outcome leaves it to the
 * session time-out, so that a false hint costs nothing but the probe (KIP-631).
 */

/** A broker in one of its lives. */
export interface BrokerLife {
  readonly brokerId: number
  readonly brokerEpoch: bigint
}

export type SessionEvent =
  /** It was active when this controller began: it has until its time-out to be heard of. */
  | { readonly type: 'assumed'; readonly life: BrokerLife; readonly nowMs: number }
  /** A registration or heartbeat of this life. */
  | { readonly type: 'heard'; readonly life: BrokerLife; readonly nowMs: number }
  /** This life is fenced, stopped or forgotten: nobody waits for it. */
  | { readonly type: 'left'; readonly brokerId: number }
  /** Its connection has closed. */
  | { readonly type: 'hinted'; readonly brokerId: number }
  /** Nobody listens where it should. */
  | { readonly type: 'nobody-there'; readonly life: BrokerLife }
  | { readonly type: 'tick'; readonly nowMs: number }

export type SessionEffect =
  | { readonly type: 'probe'; readonly life: BrokerLife }
  | { readonly type: 'fence'; readonly life: BrokerLife }

interface Session {
  readonly brokerEpoch: bigint
  readonly heardMs: number
  /** False while nothing was heard of it since this controller began. */
  readonly isKnown: boolean
}

const NOTHING: readonly SessionEffect[] = []

export class BrokerSessions {
  readonly #timeoutMs: number
  readonly #sessions = new Map<number, Session>()

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** Whether the broker was truly heard of within the time-out; one that is only assumed to live may be back as another. */
  isLive(brokerId: number, nowMs: number): boolean {
    const session = this.#sessions.get(brokerId)
    return session?.isKnown === true && nowMs - session.heardMs <= this.#timeoutMs
  }

  /** When the next session ends if nothing is heard; null without sessions. */
  get nextEndMs(): number | null {
    let next: number | null = null
    for (const { heardMs } of this.#sessions.values()) {
      const endMs = heardMs + this.#timeoutMs
      if (next === null || endMs < next) next = endMs
    }
    return next
  }

  receive(event: SessionEvent): readonly SessionEffect[] {
    switch (event.type) {
      case 'assumed':
        this.#heard(event.life, event.nowMs, false)
        return NOTHING
      case 'heard':
        this.#heard(event.life, event.nowMs, true)
        return NOTHING
      case 'left':
        this.#sessions.delete(event.brokerId)
        return NOTHING
      case 'hinted': {
        const session = this.#sessions.get(event.brokerId)
        if (session === undefined) return NOTHING
        return [{ type: 'probe', life: { brokerId: event.brokerId, brokerEpoch: session.brokerEpoch } }]
      }
      case 'nobody-there':
        // Another life may have come since the probe was sent.
        if (this.#sessions.get(event.life.brokerId)?.brokerEpoch !== event.life.brokerEpoch) return NOTHING
        return this.#end([event.life])
      case 'tick':
        return this.#end(this.#silent(event.nowMs))
    }
  }

  #heard({ brokerId, brokerEpoch }: BrokerLife, nowMs: number, isKnown: boolean): void {
    const known = this.#sessions.get(brokerId)
    // A heartbeat of an older life that was long under way says nothing.
    if (known !== undefined && known.brokerEpoch > brokerEpoch) return
    this.#sessions.set(brokerId, { brokerEpoch, heardMs: Math.max(nowMs, known?.heardMs ?? nowMs), isKnown })
  }

  #silent(nowMs: number): BrokerLife[] {
    return [...this.#sessions]
      .filter(([, { heardMs }]) => nowMs - heardMs > this.#timeoutMs)
      .map(([brokerId, { brokerEpoch }]) => ({ brokerId, brokerEpoch }))
  }

  #end(lives: readonly BrokerLife[]): readonly SessionEffect[] {
    for (const { brokerId } of lives) this.#sessions.delete(brokerId)
    return lives.map((life) => ({ type: 'fence', life }))
  }
}
