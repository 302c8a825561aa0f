/**
 * The ways between hosts: how long something is under way, and which directions are cut.
 *
 * It carries parcels in order, one pipe for each direction of a connection. What meets a cut waits, as TCP sends it again
 * and again, and arrives when the way is whole; whoever waits too long gives up by itself. What gets stuck comes late, with
 * all that follows it in its pipe, while other pipes of the same way overtake it. It knows no bytes.
 */
import type { Events } from './event-queue.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface LinkDelays {
  readonly leastMs: number
  readonly mostMs: number
  /** Share of the parcels that take ten times as long. */
  readonly slowShare: number
}

const SLOW_TIMES = 10
/** As long as TCP may wait before it sends a lost packet for the fourth or fifth time. */
const STUCK_MS_MAX = 4_000

/** Of a network in which nothing is wrong. */
export const SOUND_DELAYS: LinkDelays = { leastMs: 0.05, mostMs: 0.5, slowShare: 0 }

export class VirtualLinks {
  readonly #time: { readonly nowMs: number }
  readonly #random: SeededRandom
  readonly #cut = new Set<string>()
  readonly #pipes = new Set<Pipe>()
  readonly #sticky = new Map<string, number>()
  delays = SOUND_DELAYS

  constructor(time: { readonly nowMs: number }, random: SeededRandom) {
    this.#time = time
    this.#random = random
  }

  /** Nothing comes from the one to the other any more. */
  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`)
  }

  isCut(from: string, to: string): boolean {
    return this.#cut.has(`${from}>${to}`)
  }

  /** That share of the parcels gets stuck for seconds from now on; 0 ends it. */
  stick(from: string, to: string, share: number): void {
    this.#sticky.set(`${from}>${to}`, share)
  }

  /** All ways are whole again; what waited comes. */
  heal(): void {
    this.#cut.clear()
    for (const pipe of [...this.#pipes]) pipe.resumed()
  }

  /** `to` is told by events of `source`, and no more when that is over. */
  pipe(from: string, to: string, source: Events): Pipe {
    return new Pipe(from, to, source, this)
  }

  get nowMs(): number {
    return this.#time.nowMs
  }

  delayMs(from: string, to: string): number {
    const { leastMs, mostMs, slowShare } = this.delays
    const delayMs = this.#random.between(leastMs, mostMs)
    const stuckShare = this.#sticky.get(`${from}>${to}`) ?? 0
    if (stuckShare > 0 && this.#random.chance(stuckShare)) return this.#random.between(0, STUCK_MS_MAX)
    return this.#random.chance(slowShare) ? delayMs * SLOW_TIMES : delayMs
  }

  /** Tells a pipe when its way is whole again. */
  wait(pipe: Pipe): void {
    this.#pipes.add(pipe)
  }

  waitNoMore(pipe: Pipe): void {
    this.#pipes.delete(pipe)
  }
}

/** One direction of one connection: parcels arrive in the order in which they were sent. */
export class Pipe {
  readonly from: string
  readonly to: string
  readonly #source: Events
  readonly #links: VirtualLinks
  #lastMs = 0
  #held: (() => void)[] = []

  constructor(from: string, to: string, source: Events, links: VirtualLinks) {
    this.from = from
    this.to = to
    this.#source = source
    this.#links = links
  }

  send(arrive: () => void): void {
    this.#lastMs = Math.max(this.#lastMs, this.#links.nowMs + this.#links.delayMs(this.from, this.to))
    this.#source.schedule(this.#lastMs, () => this.#arrived(arrive))
  }

  /** The way is whole: what was held is under way again. Until it is there, what comes waits behind it. */
  resumed(): void {
    this.#links.waitNoMore(this)
    this.#source.schedule(this.#links.nowMs + this.#links.delayMs(this.from, this.to), () => this.#release())
  }

  #release(): void {
    if (this.#links.isCut(this.from, this.to)) {
      this.#links.wait(this)
      return
    }
    for (const arrive of this.#held.splice(0)) arrive()
  }

  #arrived(arrive: () => void): void {
    // What comes behind something that is held must not overtake it.
    if (this.#held.length === 0 && !this.#links.isCut(this.from, this.to)) {
      arrive()
      return
    }
    this.#held.push(arrive)
    this.#links.wait(this)
  }
}
