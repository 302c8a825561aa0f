/**
 * From a frame to its handler and back: reads the header, checks that the version is served, decodes,
 * calls the handler, encodes its answer.
 *
 * A frame that cannot be understood closes its connection, as Kafka does; only ApiVersions is answered at
 * any version (KIP-511). An exception of a handler is a bug: it is told, and costs that connection only.
 */
import { compile } from '../protocol/codec/compile.ts'
import { errorCode } from '../protocol/errors.ts'
import { decodeRequestHeader, encodeResponse } from '../protocol/header.ts'
import { apiVersions } from '../protocol/messages/api-versions.ts'
import { produce } from '../protocol/messages/produce.ts'
import type { Counter, Histogram } from '../runtime/metrics.ts'
import type { Call, Handler } from './handler.ts'
import type { ClientConnection } from './network/client-connection.ts'
import type { Exchange } from './network/exchange.ts'
import { RefusalLog } from './network/refusal-log.ts'
import type { BrokerServices } from './services.ts'

interface Route {
  readonly handler: Handler
  readonly requests: Counter
  readonly latency: Histogram
}

function tellBug(broker: BrokerServices, api: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  broker.world.log.error('a request failed by a bug', { api, error: text })
}

/** One request under way, tied to its place in the connection's order. */
class OpenCall implements Call<unknown> {
  readonly apiVersion: number
  readonly clientId: string | null
  readonly connection: ClientConnection
  readonly broker: BrokerServices
  readonly #route: Route
  readonly #correlationId: number
  readonly #exchange: Exchange
  #frameKept = false

  constructor(
    route: Route,
    header: { apiVersion: number; correlationId: number; clientId: string | null },
    connection: ClientConnection,
    exchange: Exchange,
    broker: BrokerServices,
  ) {
    this.apiVersion = header.apiVersion
    this.clientId = header.clientId
    this.connection = connection
    this.broker = broker
    this.#route = route
    this.#correlationId = header.correlationId
    this.#exchange = exchange
  }

  get frameKept(): boolean {
    return this.#frameKept
  }

  reply(body: unknown, sent?: () => void): void {
    const { api } = this.#route.handler
    let answer: Buffer[]
    try {
      answer = encodeResponse(api, this.apiVersion, this.#correlationId, body as never)
    } catch (error) {
      // Caught here, for a late answer has no caller who would: it must not cost more than this connection.
      tellBug(this.broker, api.name, error)
      this.connection.close('internal error')
      sent?.()
      return
    }
    this.#finish()
    this.#exchange.complete(answer, sent)
  }

  replyNothing(): void {
    this.#finish()
    this.#exchange.complete([])
  }

  hangUp(reason: string): void {
    this.connection.close(reason)
    this.#exchange.releaseFrame()
  }

  keepFrame(): () => void {
    this.#frameKept = true
    return () => this.#exchange.releaseFrame()
  }

  #finish(): void {
    this.#route.latency.observe(this.broker.world.clock.monotonicMs() - this.#exchange.receivedMs)
  }
}

export class Dispatcher {
  readonly #routes = new Map<number, Route>()
  readonly #broker: BrokerServices
  readonly #refusals: RefusalLog

  constructor(broker: BrokerServices, handlers: readonly Handler[]) {
    this.#broker = broker
    this.#refusals = new RefusalLog(broker.world.clock, broker.world.log)
    for (const handler of handlers) {
      const labels = { request: handler.api.name }
      this.#routes.set(handler.api.key, {
        handler,
        requests: broker.metrics.counter('kafka_network_requests_total', 'Requests by API.', labels),
        latency: broker.metrics.histogram(
          'kafka_network_request_time_ms',
          'From the last byte of a request to its answer, in milliseconds.',
          labels,
        ),
      })
    }
  }

  /** Produce requests may overlap: their appends happen in order all the same. */
  mayOverlap(frame: Buffer): boolean {
    return frame.length >= 2 && frame.readInt16BE(0) === produce.key
  }

  dispatch(connection: ClientConnection, exchange: Exchange): void {
    const header = decodeRequestHeader(exchange.frame)
    if (!header.ok) {
      this.#refuse(connection, exchange, `unreadable request header: ${header.error.message}`)
      return
    }
    const { apiKey, apiVersion } = header.value
    const route = this.#routes.get(apiKey)
    if (route === undefined) {
      this.#refuse(connection, exchange, `API ${apiKey} is not served`)
      return
    }
    const { versions } = route.handler
    if (apiVersion < versions.min || apiVersion > versions.max) {
      if (apiKey === apiVersions.key) this.#answerVersionMismatch(route, header.value.correlationId, exchange)
      else this.#refuse(connection, exchange, `${route.handler.api.name} version ${apiVersion} is not served`)
      return
    }
    const request = compile(route.handler.api.request, apiVersion).decode(exchange.frame, header.position)
    if (!request.ok) {
      this.#refuse(
        connection,
        exchange,
        `unreadable ${route.handler.api.name} request: ${request.error.message}`,
      )
      return
    }
    route.requests.add()
    const call = new OpenCall(route, header.value, connection, exchange, this.#broker)
    try {
      route.handler.handle(request.value, call)
    } catch (error) {
      tellBug(this.#broker, route.handler.api.name, error)
      call.hangUp('internal error')
    }
    if (!call.frameKept) exchange.releaseFrame()
  }

  /** Version 0, error 35 and the range of ApiVersions itself: what every client can read (KIP-511). */
  #answerVersionMismatch(route: Route, correlationId: number, exchange: Exchange): void {
    const { min, max } = route.handler.advertised
    const answer = encodeResponse(apiVersions, 0, correlationId, {
      errorCode: errorCode.UNSUPPORTED_VERSION,
      apiKeys: [{ apiKey: apiVersions.key, minVersion: min, maxVersion: max }],
    })
    exchange.releaseFrame()
    exchange.complete(answer)
  }

  #refuse(connection: ClientConnection, exchange: Exchange, reason: string): void {
    this.#refusals.refused(connection.socket.remoteAddress, reason)
    exchange.releaseFrame()
    connection.close(reason)
  }
}
