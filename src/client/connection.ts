/**
 * One connection to a broker: requests out, answers matched to them, in order.
 *
 * Versions are agreed once, right after dialling (KIP-35). Every request has a deadline; a connection whose
 * broker missed one is closed, for its later answers can no longer be told apart from late ones.
 */
import { compile } from '../protocol/codec/compile.ts'
import { decodeResponse, encodeRequest } from '../protocol/header.ts'
import { apiVersions } from '../protocol/messages/api-versions.ts'
import type { Fields, StructInput, StructValue } from '../protocol/schema/field.ts'
import type { Api, VersionRange } from '../protocol/schema/message.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import { limits } from '../runtime/limits.ts'
import type { Network, Connection as Socket } from '../runtime/network.ts'
import { ClientError } from './client-error.ts'

export interface ConnectionOptions {
  readonly clientId: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
}

interface Waiting {
  readonly answered: (frame: Buffer) => void
  readonly failed: (error: ClientError) => void
  readonly timer: Timer
}

/** First release in which brokers understand the flexible form of ApiVersions; older ones answer version 0. */
const VERSIONS_FOR_GREETING = 3
const SOFTWARE_NAME = 'sluice'
const SOFTWARE_VERSION = '0.1.0'

export class BrokerConnection {
  readonly host: string
  readonly port: number
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #options: ConnectionOptions
  readonly #waiting = new Map<number, Waiting>()
  readonly #served = new Map<number, VersionRange>()
  #nextCorrelationId = 1
  #window: Buffer<ArrayBufferLike> = Buffer.allocUnsafe(limits.receiveSlabBytes)
  #filled = 0
  #lost: ClientError | null = null
  readonly #onLost: () => void

  private constructor(
    socket: Socket,
    host: string,
    port: number,
    clock: Clock,
    options: ConnectionOptions,
    onLost: () => void,
  ) {
    this.host = host
    this.port = port
    this.#socket = socket
    this.#clock = clock
    this.#options = options
    this.#onLost = onLost
    socket.start({
      nextBuffer: () => this.#window.subarray(this.#filled),
      received: (bytesRead) => this.#received(bytesRead),
      drained() {},
      closed: () =>
        this.#fail(new ClientError('CONNECTION_LOST', `${host}:${port} closed the connection`, true)),
    })
  }

  /** Dials and agrees on versions. Rejects with a `ClientError` that names the address. */
  static async open(
    network: Network,
    clock: Clock,
    host: string,
    port: number,
    options: ConnectionOptions,
    onLost: () => void = () => {},
  ): Promise<BrokerConnection> {
    let socket: Socket
    try {
      socket = await network.connect(host, port, options.connectTimeoutMs)
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      throw new ClientError(
        'CONNECTION_FAILED',
        `nothing answers at ${host}:${port} (${why}); is the broker running there?`,
        true,
      )
    }
    const connection = new BrokerConnection(socket, host, port, clock, options, onLost)
    await connection.#greet()
    return connection
  }

  get isOpen(): boolean {
    return this.#lost === null
  }

  /** Highest version of an API that both sides have, at most `versionMax`; null when there is none. */
  versionOf(api: Api<Fields, Fields>, versionMax = Number.POSITIVE_INFINITY): number | null {
    const served = this.#served.get(api.key)
    if (served === undefined) return null
    const released = api.latestVersionUnstable ? api.versions.max - 1 : api.versions.max
    const version = Math.min(released, served.max, versionMax)
    return version < Math.max(api.versions.min, served.min) ? null : version
  }

  /** Sends a request at the best version. `timeoutMs` counts from now. */
  async request<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    body: StructInput<Q>,
    options: { readonly versionMax?: number; readonly timeoutMs?: number } = {},
  ): Promise<StructValue<R>> {
    const version = this.versionOf(api as unknown as Api, options.versionMax)
    if (version === null)
      throw new ClientError('UNSUPPORTED', `${this.host}:${this.port} does not serve ${api.name}`, false)
    return this.#exchange(api, version, body, options.timeoutMs ?? this.#options.requestTimeoutMs)
  }

  /** Sends a request that is never answered (produce with acks=0). */
  post<Q extends Fields, R extends Fields>(api: Api<Q, R>, body: StructInput<Q>): void {
    const version = this.versionOf(api as unknown as Api)
    if (version === null)
      throw new ClientError('UNSUPPORTED', `${this.host}:${this.port} does not serve ${api.name}`, false)
    if (this.#lost !== null) throw this.#lost
    this.#socket.write(encodeRequest(api, version, this.#nextCorrelationId++, this.#options.clientId, body))
  }

  close(): void {
    this.#fail(new ClientError('CLOSED', 'the connection was closed by this client', false))
    this.#socket.end()
  }

  async #greet(): Promise<void> {
    const body = { clientSoftwareName: SOFTWARE_NAME, clientSoftwareVersion: SOFTWARE_VERSION }
    let answer = await this.#exchange(
      apiVersions,
      VERSIONS_FOR_GREETING,
      body,
      this.#options.requestTimeoutMs,
    )
    if (answer.errorCode !== 0)
      answer = await this.#exchange(apiVersions, 0, body, this.#options.requestTimeoutMs)
    for (const { apiKey, minVersion, maxVersion } of answer.apiKeys)
      this.#served.set(apiKey, { min: minVersion, max: maxVersion })
  }

  #exchange<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    body: StructInput<Q>,
    timeoutMs: number,
  ): Promise<StructValue<R>> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    const correlationId = this.#nextCorrelationId
    this.#nextCorrelationId = correlationId === 2 ** 31 - 1 ? 1 : correlationId + 1
    return new Promise((resolve, reject) => {
      const timer = this.#clock.schedule(timeoutMs, () => {
        this.#fail(
          new ClientError(
            'TIMED_OUT',
            `${this.host}:${this.port} did not answer ${api.name} within ${timeoutMs} ms`,
            true,
          ),
        )
        this.#socket.destroy()
      })
      this.#waiting.set(correlationId, {
        timer,
        failed: reject,
        answered: (frame) => {
          const decoded = this.#decode(api, version, frame)
          if (decoded instanceof ClientError) reject(decoded)
          else resolve(decoded)
        },
      })
      this.#socket.write(encodeRequest(api, version, correlationId, this.#options.clientId, body))
    })
  }

  #decode<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    frame: Buffer,
  ): StructValue<R> | ClientError {
    const decoded = decodeResponse(api, version, frame)
    if (decoded.ok) return decoded.value.body
    // A broker that does not know our ApiVersions answers in version 0, whatever was asked (KIP-511).
    if (api.key === apiVersions.key && version > 0) {
      const fallback = compile(api.response, 0).decode(frame, 4)
      if (fallback.ok) return fallback.value
    }
    return new ClientError(
      'BAD_ANSWER',
      `${this.host}:${this.port} answered ${api.name} in a form that cannot be read: ${decoded.error.message}`,
      false,
    )
  }

  #received(bytesRead: number): void {
    this.#filled += bytesRead
    let start = 0
    while (this.#filled - start >= 4) {
      const size = this.#window.readInt32BE(start)
      if (size < 4 || size > limits.frameSizeBytesMax) {
        this.#fail(
          new ClientError(
            'BAD_ANSWER',
            `${this.host}:${this.port} sent a frame of ${size} bytes; is it a Kafka port?`,
            false,
          ),
        )
        this.#socket.destroy()
        return
      }
      if (this.#filled - start < 4 + size) break
      this.#answered(this.#window.subarray(start + 4, start + 4 + size))
      start += 4 + size
    }
    this.#makeRoom(start)
  }

  #answered(frame: Buffer): void {
    const correlationId = frame.readInt32BE(0)
    const waiting = this.#waiting.get(correlationId)
    if (waiting === undefined) return
    this.#waiting.delete(correlationId)
    waiting.timer.cancel()
    waiting.answered(frame)
  }

  /** Answers may still point into the old window, so what is left moves to a new one. */
  #makeRoom(start: number): void {
    const left = this.#filled - start
    const needed = left >= 4 ? 4 + this.#window.readInt32BE(start) : limits.receiveSlabBytes
    if (start === 0 && this.#window.length >= needed && this.#filled < this.#window.length) return
    const grown = Math.min(needed, Math.max(limits.receiveSlabBytes, 2 * left))
    const window = Buffer.allocUnsafeSlow(Math.max(limits.receiveSlabBytes, grown, left + 1))
    this.#window.copy(window, 0, start, this.#filled)
    this.#window = window
    this.#filled = left
  }

  #fail(error: ClientError): void {
    if (this.#lost !== null) return
    this.#lost = error
    for (const waiting of this.#waiting.values()) {
      waiting.timer.cancel()
      waiting.failed(error)
    }
    this.#waiting.clear()
    this.#onLost()
  }
}
