/**
 * The way to the active controller, wherever it is: here, or on another node over the quorum's own connections.
 *
 * What a controller has given up because it leads no more goes to the next one, as Kafka's brokers do it; what was cut off
 * while it was under way is told to its caller and not sent again, for nobody knows what became of it. Where no controller
 * answers in time the caller hears that, not who is not it. One whose log has failed leads no more either. One that fails by
 * a bug of it must bring nobody else down: whoever asked hears of an unknown server error.
 */
import { compile, encodeToBuffer } from '../../protocol/codec/compile.ts'
import { errorCode } from '../../protocol/errors.ts'
import type { Fields, StructInput, StructValue } from '../../protocol/schema/field.ts'
import { hasVersion } from '../../protocol/schema/message.ts'
import type { Log } from '../../runtime/log.ts'
import type { ClusterQuorum } from '../quorum/metadata-quorum.ts'
import { MetadataUnavailable } from '../quorum/metadata-unavailable.ts'
import { NotController } from '../quorum/not-controller.ts'
import type { ControllerCommand, ControllerFacts } from './command.ts'

/** API key and version before the body. */
const HEAD_BYTES = 4

export class Controller {
  readonly #quorum: ClusterQuorum
  readonly #facts: Omit<ControllerFacts, 'takenBy'>
  readonly #commands = new Map<number, ControllerCommand>()
  readonly #log: Log

  constructor(facts: Omit<ControllerFacts, 'takenBy'>, commands: readonly ControllerCommand[], log: Log) {
    this.#quorum = facts.quorum
    this.#facts = facts
    this.#log = log
    for (const command of commands) this.#commands.set(command.api.key, command)
    this.#quorum.serveCommands((payload, fromNodeId) => this.#serve(payload, fromNodeId))
  }

  /** Has the active controller carry a request out; `apiVersion` is what it travels in. Never rejects. */
  async call<Q extends Fields, R extends Fields>(
    command: ControllerCommand<Q, R>,
    apiVersion: number,
    request: StructValue<Q>,
  ): Promise<StructInput<R>> {
    try {
      if (this.#quorum.isActive) {
        const { nodeId } = this.#facts.node
        const own = await command
          .carryOut(request, this.#factsFor(nodeId), apiVersion)
          .catch((error: unknown) => {
            if (this.#leadsNoMore(error)) return null
            throw error
          })
        if (own !== null) return own
      }
      return await this.#callOther(command, apiVersion, request)
    } catch (error) {
      return this.#refusalOf(command, request, error)
    }
  }

  /** What failed a command may still have become the truth; the next controller knows. */
  #leadsNoMore(error: unknown): boolean {
    return error instanceof NotController || this.#quorum.failure !== null
  }

  #factsFor(takenBy: number): ControllerFacts {
    return { ...this.#facts, takenBy }
  }

  async #callOther<Q extends Fields, R extends Fields>(
    command: ControllerCommand<Q, R>,
    apiVersion: number,
    request: StructValue<Q>,
  ): Promise<StructInput<R>> {
    const { api } = command
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeInt16BE(api.key)
    head.writeInt16BE(apiVersion, 2)
    const payload = Buffer.concat([head, encodeToBuffer(api.request, apiVersion, request as StructInput<Q>)])
    const deadlineMs = command.timeoutMs(request)
    const answer = await this.#quorum.callController(payload, deadlineMs)
    const response = compile(api.response, apiVersion).decode(answer)
    if (!response.ok)
      throw new Error(`the controller's answer to ${api.name} cannot be read: ${response.error.message}`)
    return response.value as StructInput<R>
  }

  async #serve(payload: Buffer, fromNodeId: number): Promise<Buffer> {
    const apiKey = payload.length < HEAD_BYTES ? -1 : payload.readInt16BE(0)
    const command = this.#commands.get(apiKey)
    const apiVersion = command === undefined ? -1 : payload.readInt16BE(2)
    if (command === undefined || !hasVersion(command.api.request, apiVersion))
      throw new Error(`no command of the controller has key ${apiKey} and version ${apiVersion}`)
    const request = compile(command.api.request, apiVersion).decode(payload, HEAD_BYTES)
    if (!request.ok) throw new Error(`an unreadable ${command.api.name} command: ${request.error.message}`)
    let response: StructInput<Fields>
    try {
      response = await command.carryOut(request.value, this.#factsFor(fromNodeId), apiVersion)
    } catch (error) {
      // The other node looks for the controller again.
      if (this.#leadsNoMore(error)) throw new NotController(-1, 'this node leads no more')
      response = this.#refusalOf(command, request.value, error)
    }
    return encodeToBuffer(command.api.response, apiVersion, response)
  }

  #refusalOf<Q extends Fields, R extends Fields>(
    { api, refuse }: ControllerCommand<Q, R>,
    request: StructValue<Q>,
    error: unknown,
  ): StructInput<R> {
    if (error instanceof MetadataUnavailable) return refuse(request, error.errorCode, error.message)
    if (error instanceof NotController)
      return refuse(request, errorCode.REQUEST_TIMED_OUT, 'no controller has answered in time')
    const reason = error instanceof Error ? error.message : String(error)
    this.#log.error('a command of the controller failed', { command: api.name, reason })
    return refuse(request, errorCode.UNKNOWN_SERVER_ERROR, 'the controller failed: its log tells why')
  }
}
