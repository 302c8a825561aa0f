/**
 * Opens the broker's endpoints, counts connections against their bounds, and closes those that idle.
 *
 * Decides which address a client is told: the advertised one of its listener, else the one that it dialled,
 * which is the only address known to work for it.
 */

import type { Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { MetricsRegistry } from '../../runtime/metrics.ts'
import type { Connection, Listener } from '../../runtime/network.ts'
import type { World } from '../../runtime/world.ts'
import type { Endpoint } from '../config/endpoints.ts'
import { ClientConnection } from './client-connection.ts'
import type { ConnectionHost } from './connection-host.ts'
import type { Exchange } from './exchange.ts'
import { MemoryBudget } from './memory-budget.ts'
import { SlabPool } from './slab-pool.ts'

export interface ConnectionBounds {
  /** `max.connections` */
  readonly connectionsMax: () => number
  /** `max.connections.per.ip` */
  readonly connectionsPerAddressMax: () => number
  /** `connections.max.idle.ms`; negative: for ever. */
  readonly idleMsMax: () => number
  /** `socket.request.max.bytes` */
  readonly frameSizeBytesMax: () => number
}

export interface RequestTaker {
  mayOverlap(frame: Buffer): boolean
  dispatch(connection: ClientConnection, exchange: Exchange): void
}

interface OpenListener {
  readonly endpoint: Endpoint
  readonly listener: Listener
}

export class Listeners {
  readonly #world: World
  readonly #bounds: ConnectionBounds
  readonly #host: ConnectionHost
  readonly #memory = new MemoryBudget(limits.requestMemoryBytesMax)
  readonly #connections = new Set<ClientConnection>()
  readonly #perAddress = new Map<string, number>()
  readonly #listeners: OpenListener[] = []
  #nextId = 1
  #sweep: Timer | null = null
  #refusedSinceTold = 0
  /** Connections that came before the broker was ready; null from then on. */
  #early: (() => void)[] | null = []

  constructor(world: World, metrics: MetricsRegistry, bounds: ConnectionBounds, taker: RequestTaker) {
    this.#world = world
    this.#bounds = bounds
    this.#host = {
      clock: world.clock,
      log: world.log,
      slabs: new SlabPool(),
      memory: this.#memory,
      metrics: {
        bytesIn: metrics.counter('kafka_network_bytes_in_total', 'Bytes received from clients.'),
        bytesOut: metrics.counter('kafka_network_bytes_out_total', 'Bytes sent to clients.'),
      },
      frameSizeBytesMax: bounds.frameSizeBytesMax,
      mayOverlap: (frame) => taker.mayOverlap(frame),
      dispatch: (connection, exchange) => taker.dispatch(connection, exchange),
      connectionClosed: (connection) => this.#closed(connection),
    }
    metrics.gauge('kafka_network_connections', 'Open client connections.', () => this.#connections.size)
    metrics.gauge(
      'kafka_network_request_memory_bytes',
      'Bytes of requests and answers in memory.',
      () => this.#memory.usedBytes,
    )
  }

  /**
   * Binds all endpoints; the answer tells host and port of each, in order. Clients can dial, but wait until
   * `admit`. Rejects with a clear error.
   */
  async open(endpoints: readonly Endpoint[]): Promise<readonly Endpoint[]> {
    for (const endpoint of endpoints) {
      const listener = await this.#world.network.listen(
        endpoint.host === '' ? '::' : endpoint.host,
        endpoint.port,
        (socket) => this.#arrived(() => this.#accept(endpoint.name, socket)),
      )
      this.#listeners.push({ endpoint, listener })
    }
    this.#scheduleSweep()
    return this.opened
  }

  /** Serves clients from now on, first of all those that wait. */
  admit(): void {
    const early = this.#early ?? []
    this.#early = null
    for (const accept of early) accept()
  }

  get opened(): readonly Endpoint[] {
    return this.#listeners.map(({ endpoint, listener }) => ({ ...endpoint, port: listener.port }))
  }

  get connections(): ReadonlySet<ClientConnection> {
    return this.#connections
  }

  /** Accepts nothing new; answers what is under way, at most for `graceMs`, and closes. */
  async close(graceMs: number): Promise<void> {
    this.#sweep?.cancel()
    const closing = this.#listeners.map(({ listener }) => listener.close())
    for (const connection of this.#connections) {
      if (connection.busy || connection.socket.unsentBytes > 0) connection.closeWhenAnswered()
      else connection.close('the broker stops')
    }
    this.#world.clock.schedule(graceMs, () => {
      for (const connection of this.#connections) connection.close('the broker stops')
    })
    await Promise.all(closing)
  }

  #arrived(accept: () => void): void {
    if (this.#early === null) accept()
    else this.#early.push(accept)
  }

  #accept(listenerName: string, socket: Connection): void {
    const address = socket.remoteAddress
    const fromAddress = this.#perAddress.get(address) ?? 0
    if (
      this.#connections.size >= this.#bounds.connectionsMax() ||
      fromAddress >= this.#bounds.connectionsPerAddressMax()
    ) {
      socket.destroy()
      if (this.#refusedSinceTold++ === 0) {
        this.#world.log.warn('connections refused: the bound is reached', {
          address,
          connections: this.#connections.size,
          fromAddress,
        })
      }
      return
    }
    this.#perAddress.set(address, fromAddress + 1)
    this.#connections.add(new ClientConnection(this.#nextId++, listenerName, socket, this.#host))
  }

  #closed(connection: ClientConnection): void {
    if (!this.#connections.delete(connection)) return
    const address = connection.socket.remoteAddress
    const left = (this.#perAddress.get(address) ?? 1) - 1
    if (left === 0) this.#perAddress.delete(address)
    else this.#perAddress.set(address, left)
  }

  #scheduleSweep(): void {
    this.#sweep = this.#world.clock.schedule(limits.connectionSweepMs, () => {
      this.#sweepConnections()
      this.#scheduleSweep()
    })
  }

  #sweepConnections(): void {
    const nowMs = this.#world.clock.monotonicMs()
    const idleMsMax = this.#bounds.idleMsMax()
    const stallMsMax = this.#memory.exhausted ? limits.sendStallMsExhausted : limits.sendStallMs
    this.#refusedSinceTold = 0
    for (const connection of this.#connections) {
      if (connection.stalledMs(nowMs) > stallMsMax) connection.close('the peer takes no bytes')
      else if (connection.busy) continue
      else if (connection.requestsBegun === 0 && nowMs - connection.openedMs > limits.firstRequestMs)
        connection.close('no request was sent')
      else if (idleMsMax >= 0 && nowMs - connection.lastActiveMs > idleMsMax) connection.close('idle')
    }
  }
}
