/**
 * Commands for the active controller, whichever node it is: sent, served, and asked again where the answer was that
 * another one leads.
 *
 * A command whose connection failed while it was under way is not sent again: nobody knows whether it was carried out,
 * and its sender decides. It knows nothing of what commands say.
 */
import { limits } from '../../runtime/limits.ts'
import { type PeerAddress, PeerCallError } from '../../runtime/peers.ts'
import type { CommandHandler } from './metadata-quorum.ts'
import { NotController } from './not-controller.ts'
import type { CommandReply, PeerVoice } from './peer-frames.ts'
import type { QuorumWorld } from './raft-quorum-options.ts'

/** What is known of the controller. */
export interface ControllerView {
  /** null nobody known. */
  readonly leaderId: number | null
  readonly epoch: number
  /** This node is it. */
  readonly isActive: boolean
  addressOf(nodeId: number): PeerAddress | null
}

type Attempt = { readonly answer: Buffer } | { readonly retry: true }

export class ControllerCalls {
  readonly #world: QuorumWorld
  readonly #voice: PeerVoice
  readonly #view: ControllerView
  #handler: CommandHandler | null = null
  #underWay = 0
  #served = 0
  #woken = new Set<() => void>()
  #isClosed = false

  constructor(world: QuorumWorld, voice: PeerVoice, view: ControllerView) {
    this.#world = world
    this.#voice = voice
    this.#view = view
  }

  serve(handler: CommandHandler): void {
    this.#handler = handler
    this.look()
  }

  /** Another node leads, or this one does: who waits for that tries now. */
  look(): void {
    for (const wake of [...this.#woken]) wake()
  }

  close(): void {
    this.#isClosed = true
    this.look()
  }

  /** See `ClusterQuorum.callController`. */
  async call(payload: Buffer, deadlineMs: number): Promise<Buffer> {
    if (this.#underWay >= limits.controllerCallsMax)
      throw this.#nobody('too many commands wait for the controller')
    const { clock } = this.#world
    const untilMs = clock.monotonicMs() + deadlineMs
    this.#underWay++
    try {
      while (!this.#isClosed) {
        const leftMs = untilMs - clock.monotonicMs()
        if (leftMs <= 0) break
        const attempt = await this.#attempt(payload, leftMs)
        if ('answer' in attempt) return attempt.answer
      }
    } finally {
      this.#underWay--
    }
    throw this.#nobody(`no controller answered within ${deadlineMs} ms`)
  }

  #nobody(why: string): NotController {
    return new NotController(this.#view.leaderId ?? -1, why)
  }

  async #attempt(payload: Buffer, leftMs: number): Promise<Attempt> {
    const { leaderId, isActive } = this.#view
    const own = this.#voice.hello.sender.id
    if (isActive && this.#handler !== null) {
      try {
        return { answer: await this.#handler(payload, own) }
      } catch (error) {
        if (!(error instanceof NotController)) throw error
        return this.#wait(limits.controllerRetryMs, leftMs)
      }
    }
    const address = leaderId === null || leaderId === own ? null : this.#view.addressOf(leaderId)
    // Somebody will lead, or this node will when it has caught up; then `look` wakes.
    if (address === null) return this.#wait(leftMs, leftMs)
    const reply = await this.#ask(address, payload, leftMs)
    switch (reply?.type) {
      case 'answer':
        return { answer: reply.payload }
      case 'failed':
        throw new Error(`the controller failed: ${reply.reason}`)
      default:
        return this.#wait(limits.controllerRetryMs, leftMs)
    }
  }

  /** null when the node cannot have seen the command. */
  async #ask(address: PeerAddress, payload: Buffer, leftMs: number): Promise<CommandReply | null> {
    const request = this.#voice.codec.encodeCommandRequest({ sender: this.#voice.hello, payload })
    try {
      const bytes = await this.#world.peers.call(address, this.#voice.tls, request, leftMs)
      return (
        this.#voice.codec.decodeCommandReply(bytes) ?? { type: 'failed', reason: 'its answer cannot be read' }
      )
    } catch (error) {
      if (!(error instanceof PeerCallError)) throw error
      if (error.mayHaveArrived) throw this.#nobody(error.message)
      return null
    }
  }

  /** Until something is known anew, for at most `delayMs`. */
  #wait(delayMs: number, leftMs: number): Promise<Attempt> {
    if (this.#isClosed) return Promise.resolve({ retry: true })
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#woken.delete(wake)
        timer.cancel()
        resolve({ retry: true })
      }
      const timer = this.#world.clock.schedule(Math.min(delayMs, leftMs), wake)
      this.#woken.add(wake)
    })
  }

  /** Answers another node's command. */
  async answer(bytes: Buffer): Promise<Buffer> {
    return this.#voice.codec.encodeCommandReply(await this.#reply(bytes))
  }

  async #reply(bytes: Buffer): Promise<CommandReply> {
    const request = this.#voice.codec.decodeCommandRequest(bytes)
    if (request === null) return { type: 'failed', reason: 'the command cannot be read' }
    const { clusterId, sender } = request.sender
    if (clusterId !== this.#voice.hello.clusterId)
      return { type: 'failed', reason: `the command is for cluster ${clusterId}` }
    if (!this.#view.isActive || this.#handler === null || this.#isClosed) return this.#notController()
    if (this.#served >= limits.controllerCallsMax)
      return { type: 'failed', reason: 'too many commands at once' }
    this.#served++
    try {
      return { type: 'answer', payload: await this.#handler(request.payload, sender.id) }
    } catch (error) {
      if (error instanceof NotController) return this.#notController()
      this.#world.log.error('a command of another node failed', {
        from: sender.id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
      return { type: 'failed', reason: error instanceof Error ? error.message : String(error) }
    } finally {
      this.#served--
    }
  }

  #notController(): CommandReply {
    const { leaderId, epoch } = this.#view
    return { type: 'not-controller', leaderId: leaderId ?? -1, epoch }
  }
}
