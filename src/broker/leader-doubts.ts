/**
 * Leaders to which this broker's connection has just broken, and the answers that would name one.
 *
 * When a broker dies, its clients ask another one at once who leads now. For a moment nobody knows, and whoever is sent
 * back to the dead one tries again only after its own back-off: kafkajs lost 0.9 s where the cluster was silent for 0.1.
 * So such an answer waits until the metadata names another leader, or the moment is over. A dying process closes its
 * connections over some milliseconds: a client that comes to ask may have seen it first, and waits that long. All this
 * is a hint: it ends by itself and makes way for whatever waits behind it.
 */
import type { Clock, Timer } from '../runtime/clock.ts'
import { limits } from '../runtime/limits.ts'
import { Seats } from '../runtime/seats.ts'
import type { Call } from './handler.ts'
import type { ClientConnection } from './network/client-connection.ts'

/** As much of a request as waits here. */
type WaitingCall<Response> = Pick<Call<Response>, 'reply'> & {
  readonly connection: Pick<ClientConnection, 'onClosed' | 'onRequestWaiting'>
}

interface DoubtfulAnswer {
  /** Something may be known now. */
  lookAgain(): void
}

export class LeaderDoubts {
  readonly #nodeId: number
  readonly #clock: Clock
  readonly #untilMs = new Map<number, number>()
  readonly #waiting = new Seats<DoubtfulAnswer>()
  /** The topics that a connection's client asked for last. */
  readonly #asked = new WeakMap<object, readonly (string | null)[]>()

  constructor(nodeId: number, clock: Clock) {
    this.#nodeId = nodeId
    this.#clock = clock
  }

  /** The connection to that leader broke. */
  begin(leader: number): void {
    this.#doubtFor(leader, limits.leaderDoubtMs)
  }

  /** A connection that it had to us is gone: it may be dying, which closes one after the other, or need it no more. */
  beginBriefly(leader: number): void {
    this.#doubtFor(leader, limits.leaderDoubtBriefMs)
  }

  /** That leader answers. */
  end(leader: number): void {
    if (this.#untilMs.delete(leader)) this.lookAgain()
  }

  /** The metadata says something new. */
  lookAgain(): void {
    for (const answer of this.#waiting) answer.lookAgain()
  }

  /** Replies with `body` as soon as it names no leader in doubt, which it nearly always does at once. */
  reply<Response>(
    call: WaitingCall<Response>,
    body: () => Response,
    leadersIn: (body: Response) => Iterable<number>,
  ): void {
    this.#replyAfter(0, call, body, leadersIn)
  }

  /**
   * The same to a client that asks for the leaders of `topics`. Unless it has just been told of others here, it may ask
   * because it has lost a leader: one that only begins waits as long, once.
   */
  replyAbout<Response>(
    topics: readonly (string | null)[],
    call: WaitingCall<Response>,
    body: () => Response,
    leadersIn: (body: Response) => Iterable<number>,
  ): void {
    const { connection } = call
    const before = this.#asked.get(connection)
    const isAboutOthers =
      before !== undefined &&
      (before.length !== topics.length || topics.some((topic, at) => topic !== before[at]))
    this.#asked.set(connection, topics)
    this.#replyAfter(isAboutOthers ? 0 : limits.dyingConnectionsMs, call, body, leadersIn)
  }

  #replyAfter<Response>(
    leastMs: number,
    call: WaitingCall<Response>,
    body: () => Response,
    leadersIn: (body: Response) => Iterable<number>,
  ): void {
    const first = body()
    const isLedElsewhere = (): boolean => {
      for (const leader of leadersIn(first)) if (leader >= 0 && leader !== this.#nodeId) return true
      return false
    }
    const leftMs = Math.max(leastMs > 0 && isLedElsewhere() ? leastMs : 0, this.#leftMs(leadersIn(first)))
    if (leftMs <= 0) call.reply(first)
    else this.#wait(call, body, leadersIn, leftMs)
  }

  #doubtFor(leader: number, forMs: number): void {
    const untilMs = this.#clock.monotonicMs() + forMs
    this.#untilMs.set(leader, Math.max(untilMs, this.#untilMs.get(leader) ?? untilMs))
  }

  /** How long it is worth waiting for others than these. */
  #leftMs(leaders: Iterable<number>): number {
    if (this.#untilMs.size === 0) return 0
    const nowMs = this.#clock.monotonicMs()
    let leftMs = 0
    for (const leader of leaders) leftMs = Math.max(leftMs, (this.#untilMs.get(leader) ?? nowMs) - nowMs)
    return leftMs
  }

  #wait<Response>(
    call: WaitingCall<Response>,
    body: () => Response,
    leadersIn: (body: Response) => Iterable<number>,
    leftMs: number,
  ): void {
    const forget: (() => void)[] = []
    let isDone = false
    const finish = (answer: Response): void => {
      if (isDone) return
      isDone = true
      for (const one of forget) one()
      call.reply(answer)
    }
    let timer: Timer | null = null
    const lookAgain = (): void => {
      const now = body()
      const stillMs = this.#leftMs(leadersIn(now))
      timer?.cancel()
      if (stillMs <= 0) finish(now)
      else timer = this.#clock.schedule(stillMs, lookAgain)
    }
    timer = this.#clock.schedule(leftMs, lookAgain)
    const seat = this.#waiting.take({ lookAgain })
    const { connection } = call
    forget.push(
      () => this.#waiting.leave(seat),
      () => timer?.cancel(),
      connection.onClosed(() => this.#clock.endOfTurn(() => finish(body()))),
      connection.onRequestWaiting(() => this.#clock.endOfTurn(() => finish(body()))),
    )
  }
}
