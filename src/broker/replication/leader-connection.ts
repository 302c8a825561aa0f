/**
 * A follower's connection to its leader: requests out, answers matched to them, read into pooled memory.
 *
 * The records of an answer stay where the kernel put them until the log has written them; whoever needs them past the
 * answer retains its memory, for it is used again when nobody does. A leader of which nothing comes while it owes an
 * answer ends the connection, and so does anything that cannot be read: after a cut in the network a new one is there
 * long before TCP tries again. Our own brokers alone are spoken to, so versions are agreed in the form that they have.
 */
import { decodeResponse, encodeRequest } from '../../protocol/header.ts'
import { apiVersions } from '../../protocol/messages/api-versions.ts'
import type { Fields, StructInput, StructValue } from '../../protocol/schema/field.ts'
import type { Api, VersionRange } from '../../protocol/schema/message.ts'
import type { Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { Connection as Socket } from '../../runtime/network.ts'
import type { World } from '../../runtime/world.ts'
import { FrameReceiver } from '../network/frame-receiver.ts'
import type { Slab, SlabPool } from '../network/slab-pool.ts'

/** Where the bytes of an answer are. */
export interface AnswerMemory {
  retain(): void
  release(): void
}

export interface LeaderConnectionOptions {
  readonly clientId: string
  readonly connectTimeoutMs: number
  /** How long nothing may come of a leader that owes an answer, beside what it was allowed to wait. */
  readonly patienceMs: number
}

interface Waiting {
  readonly correlationId: number
  readonly answered: (frame: Buffer, memory: AnswerMemory) => void
  readonly failed: (error: Error) => void
  readonly silence: Timer
}

const GREETING_VERSION = 3
const SOFTWARE = { clientSoftwareName: 'sluice', clientSoftwareVersion: 'replica' }

export class LeaderConnection {
  readonly #socket: Socket
  readonly #clock: World['clock']
  readonly #options: LeaderConnectionOptions
  readonly #receiver: FrameReceiver
  /** A few at most, in the order in which they were sent. */
  readonly #waiting: Waiting[] = []
  readonly #served = new Map<number, VersionRange>()
  #nextCorrelationId = 1
  #heardMs = 0
  #lost: Error | null = null

  private constructor(
    socket: Socket,
    clock: World['clock'],
    slabs: SlabPool,
    options: LeaderConnectionOptions,
  ) {
    this.#socket = socket
    this.#clock = clock
    this.#options = options
    this.#receiver = new FrameReceiver(
      slabs,
      {
        frame: (bytes, slab) => this.#answered(bytes, slab),
        malformed: (reason) => this.#fail(new Error(`the leader sent ${reason}`)),
      },
      () => limits.frameSizeBytesMax,
    )
    socket.start({
      nextBuffer: () => this.#receiver.nextBuffer(),
      received: (bytesRead) => {
        this.#heardMs = clock.monotonicMs()
        if (this.#lost === null) this.#receiver.received(bytesRead)
      },
      drained() {},
      closed: () => this.#fail(new Error('the leader closed the connection')),
    })
  }

  /** Dials and agrees on versions. Rejects when nobody answers in time. */
  static async open(
    world: Pick<World, 'clock' | 'network'>,
    slabs: SlabPool,
    host: string,
    port: number,
    options: LeaderConnectionOptions,
  ): Promise<LeaderConnection> {
    const socket = await world.network.connect(host, port, options.connectTimeoutMs)
    const connection = new LeaderConnection(socket, world.clock, slabs, options)
    await connection.#greet()
    return connection
  }

  /** Highest version of an API that both sides have; null when there is none. */
  versionOf(api: Pick<Api, 'key' | 'versions' | 'latestVersionUnstable'>): number | null {
    const served = this.#served.get(api.key)
    if (served === undefined) return null
    const released = api.latestVersionUnstable ? api.versions.max - 1 : api.versions.max
    const version = Math.min(released, served.max)
    return version < Math.max(api.versions.min, served.min) ? null : version
  }

  /**
   * Sends a request at the best version. `take` gets the answer and its memory before anything else is read; what it
   * does not retain is gone when it returns. Resolves with what it answers. The leader may keep the answer for `waitMs`.
   */
  async request<Q extends Fields, R extends Fields, T>(
    api: Api<Q, R>,
    body: StructInput<Q>,
    take: (answer: StructValue<R>, memory: AnswerMemory) => T,
    waitMs = 0,
  ): Promise<T> {
    const version = this.versionOf(api)
    if (version === null) throw new Error(`the leader does not serve ${api.name}`)
    return this.#exchange(api, version, body, take, waitMs)
  }

  close(): void {
    this.#fail(new Error('the connection was closed'))
  }

  async #greet(): Promise<void> {
    await this.#exchange(apiVersions, GREETING_VERSION, SOFTWARE, (answer) => {
      if (answer.errorCode !== 0) throw new Error(`the leader answered a greeting with ${answer.errorCode}`)
      for (const { apiKey, minVersion, maxVersion } of answer.apiKeys)
        this.#served.set(apiKey, { min: minVersion, max: maxVersion })
    })
  }

  #exchange<Q extends Fields, R extends Fields, T>(
    api: Api<Q, R>,
    version: number,
    body: StructInput<Q>,
    take: (answer: StructValue<R>, memory: AnswerMemory) => T,
    waitMs = 0,
  ): Promise<T> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    const correlationId = this.#nextCorrelationId
    this.#nextCorrelationId = correlationId === 2 ** 31 - 1 ? 1 : correlationId + 1
    return new Promise((resolve, reject) => {
      const { clientId, patienceMs } = this.#options
      this.#waiting.push({
        correlationId,
        silence: this.#watch(api.name, waitMs + patienceMs),
        failed: reject,
        answered: (frame, memory) => {
          const decoded = decodeResponse(api, version, frame)
          if (!decoded.ok) {
            this.#fail(new Error(`an answer to ${api.name} cannot be read: ${decoded.error.message}`))
            reject(this.#lost)
            return
          }
          try {
            resolve(take(decoded.value.body, memory))
          } catch (error) {
            reject(error)
          }
        },
      })
      this.#socket.write(encodeRequest(api, version, correlationId, clientId, body))
    })
  }

  /** Fails when nothing comes for that long; a large answer may take longer to come. */
  #watch(name: string, silentMsMax: number): Timer {
    const clock = this.#clock
    const askedMs = clock.monotonicMs()
    let timer: Timer
    const watch = (leftMs: number): void => {
      timer = clock.schedule(leftMs, () => {
        const untilMs = Math.max(askedMs, this.#heardMs) + silentMsMax
        const nowMs = clock.monotonicMs()
        if (nowMs < untilMs) watch(untilMs - nowMs)
        else this.#fail(new Error(`no answer to ${name} within ${silentMsMax} ms`))
      })
    }
    watch(silentMsMax)
    return { cancel: () => timer.cancel() }
  }

  #answered(frame: Buffer, slab: Slab): void {
    const correlationId = frame.length < 4 ? 0 : frame.readInt32BE(0)
    const index = this.#waiting.findIndex((waiting) => waiting.correlationId === correlationId)
    const waiting = this.#waiting[index]
    if (waiting === undefined) return
    this.#waiting.splice(index, 1)
    waiting.silence.cancel()
    waiting.answered(frame, slab)
  }

  #fail(error: Error): void {
    if (this.#lost !== null) return
    this.#lost = error
    this.#socket.destroy()
    this.#receiver.close()
    for (const waiting of this.#waiting.splice(0)) {
      waiting.silence.cancel()
      waiting.failed(error)
    }
  }
}
