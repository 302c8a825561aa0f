/**
 * A bare connection for tests: any frame out, any frame in, versions exactly as told.
 *
 * Unlike the product's own client it agrees on nothing, retries nothing and hides nothing: a test sees every
 * answer, their order, and when the broker hangs up.
 */
import { connect, type Socket } from 'node:net'
import { decodeResponse, encodeRequest } from '../../src/protocol/header.ts'
import type { Fields, StructInput, StructValue } from '../../src/protocol/schema/field.ts'
import type { Api } from '../../src/protocol/schema/message.ts'

export class HungUp extends Error {
  constructor() {
    super('the broker closed the connection')
    this.name = 'HungUp'
  }
}

interface Reader {
  readonly taken: (frame: Buffer) => void
  readonly failed: (error: Error) => void
}

const CLIENT_ID = 'raw'

export class RawConnection {
  readonly #socket: Socket
  readonly #frames: Buffer[] = []
  readonly #readers: Reader[] = []
  /** Resolves when the broker, or this side, has closed. */
  readonly closed: Promise<void>
  #received: Buffer = Buffer.alloc(0)
  #isClosed = false
  #nextCorrelationId = 1

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true
        for (const reader of this.#readers.splice(0)) reader.failed(new HungUp())
        resolve()
      })
    })
  }

  static open(port: number, host = '127.0.0.1'): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RawConnection(socket))
      })
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Bytes as they are. */
  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Sends a request and waits for nothing; the answer is its correlation id. */
  post<Q extends Fields, R extends Fields>(api: Api<Q, R>, version: number, body: StructInput<Q>): number {
    const correlationId = this.#nextCorrelationId++
    this.write(Buffer.concat(encodeRequest(api, version, correlationId, CLIENT_ID, body)))
    return correlationId
  }

  /** The next frame, without its size; rejects with `HungUp` when there will be none. */
  frame(): Promise<Buffer> {
    const frame = this.#frames.shift()
    if (frame !== undefined) return Promise.resolve(frame)
    if (this.#isClosed) return Promise.reject(new HungUp())
    return new Promise((taken, failed) => this.#readers.push({ taken, failed }))
  }

  /** The next answer, which must be that to a request of this API, version and correlation id, and whole. */
  async answer<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    correlationId: number,
  ): Promise<StructValue<R>> {
    const frame = await this.frame()
    const decoded = decodeResponse(api, version, frame)
    if (!decoded.ok) throw new Error(`${api.name} ${version} cannot be read: ${decoded.error.message}`)
    if (decoded.position !== frame.length)
      throw new Error(`${api.name} ${version}: ${frame.length - decoded.position} bytes too many`)
    if (decoded.value.correlationId !== correlationId)
      throw new Error(`answer ${decoded.value.correlationId} where ${correlationId} was due`)
    return decoded.value.body
  }

  request<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    body: StructInput<Q>,
  ): Promise<StructValue<R>> {
    return this.answer(api, version, this.post(api, version, body))
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 4) {
      const sizeBytes = this.#received.readInt32BE(0)
      if (this.#received.length < 4 + sizeBytes) return
      const frame = this.#received.subarray(4, 4 + sizeBytes)
      this.#received = this.#received.subarray(4 + sizeBytes)
      const reader = this.#readers.shift()
      if (reader === undefined) this.#frames.push(frame)
      else reader.taken(frame)
    }
  }
}
