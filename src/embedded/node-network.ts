/**
 * The network as one life of an embedded node sees it: clients over real loopback sockets, other nodes over virtual ways.
 *
 * Ways between nodes can be cut and delayed; a client reaches every node that runs. When the life ends its sockets close as
 * those of a dead process do, and the dead broker hears nothing of it.
 */
import type { Connection, Listener, Network, Receiver } from '../runtime/network.ts'
import type { HostLife, VirtualNetwork } from '../simulation/virtual-network.ts'
import type { ClientDoor } from './client-door.ts'

/** A client's connection for as long as the life that accepted it. */
class ClientSocket implements Connection {
  readonly #socket: Connection
  readonly #onGone: (socket: ClientSocket) => void
  #isDead = false
  #isStarted = false
  #isPaused = false
  #isHeld = false

  constructor(socket: Connection, onGone: (socket: ClientSocket) => void) {
    this.#socket = socket
    this.#onGone = onGone
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress
  }
  get remotePort(): number {
    return this.#socket.remotePort
  }
  get localAddress(): string {
    return this.#socket.localAddress
  }
  get localPort(): number {
    return this.#socket.localPort
  }
  get unsentBytes(): number {
    return this.#socket.unsentBytes
  }

  start(receiver: Receiver): void {
    this.#isStarted = true
    this.#socket.start({
      nextBuffer: () => receiver.nextBuffer(),
      received: (bytesRead) => {
        if (!this.#isDead) receiver.received(bytesRead)
      },
      drained: () => {
        if (!this.#isDead) receiver.drained()
      },
      closed: (error) => {
        this.#onGone(this)
        if (!this.#isDead) receiver.closed(error)
      },
    })
  }

  write(buffers: readonly Buffer[], sent?: () => void): void {
    this.#socket.write(buffers, sent)
  }
  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }
  resume(): void {
    this.#isPaused = false
    if (!this.#isHeld) this.#socket.resume()
  }
  end(): void {
    this.#socket.end()
  }
  destroy(): void {
    this.#socket.destroy()
    this.#onGone(this)
  }

  /** Nothing is read from it until it is released. */
  hold(): void {
    this.#isHeld = true
    if (this.#isStarted) this.#socket.pause()
  }

  release(): void {
    this.#isHeld = false
    if (this.#isStarted && !this.#isPaused) this.#socket.resume()
  }

  /** Its process died. */
  die(): void {
    this.#isDead = true
    this.#socket.destroy()
  }
}

export class NodeNetwork implements Network {
  readonly #life: HostLife
  readonly #virtual: Network
  readonly #door: ClientDoor
  readonly #real: Network
  readonly #hostAt: (port: number) => string | undefined
  readonly #sockets = new Set<ClientSocket>()
  readonly #pages = new Set<Listener>()
  /** Clients that came while all are held; null while none is. */
  #waiting: (() => void)[] | null = null

  /** `hostAt` tells which node clients find at a port. */
  constructor(
    life: HostLife,
    virtual: VirtualNetwork,
    door: ClientDoor,
    real: Network,
    hostAt: (port: number) => string | undefined,
  ) {
    this.#life = life
    this.#virtual = virtual.of(life)
    this.#door = door
    this.#real = real
    this.#hostAt = hostAt
  }

  async listen(_host: string, _port: number, accept: (connection: Connection) => void): Promise<Listener> {
    await this.#door.open((socket) => {
      const client = new ClientSocket(socket, (gone) => this.#sockets.delete(gone))
      this.#sockets.add(client)
      if (this.#waiting === null) accept(client)
      else this.#waiting.push(() => accept(client))
    })
    const { host, port } = this.#door
    const fromNodes = await this.#virtual.listen(this.#life.host, port, accept)
    return {
      host,
      port,
      close: async () => {
        await fromNodes.close()
        await this.#door.shut()
      },
    }
  }

  connect(host: string, port: number, timeoutMs: number): Promise<Connection> {
    return this.#virtual.connect(this.#hostAt(port) ?? host, port, timeoutMs)
  }

  async serveHttp(...page: Parameters<Network['serveHttp']>): Promise<Listener> {
    const listener = await this.#real.serveHttp(...page)
    this.#pages.add(listener)
    return listener
  }

  localAddresses(): string[] {
    return [this.#door.host]
  }

  /** Clients are not heard until they are released. */
  hold(): void {
    this.#waiting ??= []
    for (const socket of this.#sockets) socket.hold()
  }

  release(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    for (const socket of this.#sockets) socket.release()
    for (const accept of waiting) accept()
  }

  /** Lets go of all that is open. */
  async die(): Promise<void> {
    for (const socket of this.#sockets) socket.die()
    this.#sockets.clear()
    this.#waiting = null
    await Promise.all([this.#door.shut(), ...[...this.#pages].map((page) => page.close())])
  }
}
