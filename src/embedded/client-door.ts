/**
 * The port of this machine through which clients reach one node, the same for all of its lives.
 *
 * It is drawn from below those that the system gives to outgoing connections: while the node is down nobody holds it, and
 * one of those would be some client's by the time that it comes back. While the door is shut, dialling is refused.
 */
import type { Connection, Listener, Network } from '../runtime/network.ts'
import type { Random } from '../runtime/random.ts'

const HOST = '127.0.0.1'
const PORT_MIN = 12_000
const PORT_MAX = 32_000
const TRIES_MAX = 100

export class ClientDoor {
  readonly #network: Pick<Network, 'listen'>
  readonly #random: Random
  #port = 0
  #listener: Listener | null = null
  #accept: (connection: Connection) => void = () => {}

  constructor(network: Pick<Network, 'listen'>, random: Random) {
    this.#network = network
    this.#random = random
  }

  get host(): string {
    return HOST
  }

  /** 0 until it was open once. */
  get port(): number {
    return this.#port
  }

  /** Listens; who comes is given to `accept` until it is shut. Rejects when another program has its port by now. */
  async open(accept: (connection: Connection) => void): Promise<void> {
    this.#accept = accept
    this.#listener = this.#port === 0 ? await this.#draw() : await this.#listen(this.#port)
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
        if (tries === TRIES_MAX) throw error
      }
    }
  }

  #listen(port: number): Promise<Listener> {
    return this.#network.listen(HOST, port, (connection) => this.#accept(connection))
  }
}
