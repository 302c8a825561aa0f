/**
 * The port of this machine through which clients reach one node, the same for all of its lives.
 *
 * While the door is shut, dialling is refused, so nobody holds the port meanwhile. It is drawn from below those that the
 * system gives to outgoing connections, which would soon be some client's; another test that has drawn the same one
 * is waited for.
 */
import type { Clock } from '../runtime/clock.ts'
import type { Connection, Listener, Network } from '../runtime/network.ts'
import type { Random } from '../runtime/random.ts'

const HOST = '127.0.0.1'
const PORT_MIN = 12_000
const PORT_MAX = 32_000
const DRAWS_MAX = 100
/** Another test may have the port for a while. */
const PATIENCE_MS = 10_000
const RETRY_MS = 50

export class ClientDoor {
  readonly #network: Pick<Network, 'listen'>
  readonly #random: Random
  readonly #clock: Clock
  #port = 0
  #listener: Listener | null = null
  #accept: (connection: Connection) => void = () => {}

  constructor(network: Pick<Network, 'listen'>, random: Random, clock: Clock) {
    this.#network = network
    this.#random = random
    this.#clock = clock
  }

  get host(): string {
    return HOST
  }

  /** 0 until it was open once. */
  get port(): number {
    return this.#port
  }

  /** Listens; who comes is given to `accept` until it is shut. Rejects when another program keeps its port. */
  async open(accept: (connection: Connection) => void): Promise<void> {
    this.#accept = accept
    this.#listener = this.#port === 0 ? await this.#draw() : await this.#regain()
    this.#port = this.#listener.port
  }

  async shut(): Promise<void> {
    const listener = this.#listener
    this.#listener = null
    this.#accept = (connection) => connection.destroy()
    await listener?.close()
  }

  async #draw(): Promise<Listener> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#listen(PORT_MIN + this.#random.below(PORT_MAX - PORT_MIN))
      } catch (error) {
        if (tries === DRAWS_MAX) throw error
      }
    }
  }

  async #regain(): Promise<Listener> {
    const untilMs = this.#clock.monotonicMs() + PATIENCE_MS
    for (;;) {
      try {
        return await this.#listen(this.#port)
      } catch (error) {
        if (this.#clock.monotonicMs() >= untilMs) throw error
        await new Promise<void>((resolve) => this.#clock.schedule(RETRY_MS, resolve))
      }
    }
  }

  #listen(port: number): Promise<Listener> {
    return this.#network.listen(HOST, port, (connection) => this.#accept(connection))
  }
}
