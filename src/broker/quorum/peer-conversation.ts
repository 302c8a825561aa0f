/**
 * One stream to another node, from the greeting on: who is there, and what it says.
 *
 * Both sides name themselves first. A node of another cluster, one that is not who it should be, one that says what is
 * no message and one that does not read what it is sent are hung up on, and cost nothing but this stream.
 */
import type { RaftMessage, ReplicaKey } from '../../coordination/raft/message.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { PeerReceiver, PeerStream } from '../../runtime/peers.ts'
import type { Hello, PeerVoice } from './peer-frames.ts'

export interface ConversationOwner {
  /** The other side has said who it is. */
  named(conversation: PeerConversation, peer: ReplicaKey): void
  received(conversation: PeerConversation, peer: ReplicaKey, message: RaftMessage): void
  /** Exactly once; `why` is null when it ended in an orderly way. */
  closed(conversation: PeerConversation, why: string | null): void
}

export class PeerConversation implements PeerReceiver {
  /** Who it has to be; null whoever comes. */
  readonly expectedId: number | null
  readonly #voice: PeerVoice
  readonly #clock: Clock
  readonly #owner: ConversationOwner
  #stream: PeerStream | null = null
  #peer: ReplicaKey | null = null
  #helloTimer: Timer | null = null
  #why: string | null = null
  #isClosed = false

  constructor(voice: PeerVoice, clock: Clock, expectedId: number | null, owner: ConversationOwner) {
    this.#voice = voice
    this.#clock = clock
    this.expectedId = expectedId
    this.#owner = owner
  }

  /** null until it has said so. */
  get peer(): ReplicaKey | null {
    return this.#peer
  }

  /** Names this node on the stream, which the conversation receives from now on. */
  start(stream: PeerStream): void {
    this.#stream = stream
    if (this.#isClosed) return
    stream.send(this.#voice.codec.encodeHello(this.#voice.hello))
    this.#helloTimer = this.#clock.schedule(limits.peerHelloMs, () => this.close('it did not say who it is'))
  }

  send(frame: Buffer): void {
    const stream = this.#stream
    if (stream === null || this.#isClosed) return
    if (stream.unsentBytes > limits.peerUnsentBytesMax) this.close('it does not read what it is sent')
    else stream.send(frame)
  }

  received(bytes: Buffer): void {
    const frame = this.#voice.codec.decodeFrame(bytes)
    if (frame === null) this.close('it sent what is no message')
    else if (frame.type === 'hello') this.#greeted(frame.hello)
    else if (this.#peer === null) this.close('it did not say who it is')
    else this.#owner.received(this, this.#peer, frame.message)
  }

  #greeted({ clusterId, sender }: Hello): void {
    if (clusterId !== this.#voice.hello.clusterId) this.close(`it belongs to cluster ${clusterId}`)
    else if (sender.id === this.#voice.hello.sender.id) this.close('it has the id of this node')
    else if (this.expectedId !== null && sender.id !== this.expectedId)
      this.close(`it is node ${sender.id} and not ${this.expectedId}`)
    else if (this.#peer !== null) this.close('it said twice who it is')
    else {
      this.#helloTimer?.cancel()
      this.#peer = sender
      this.#owner.named(this, sender)
    }
  }

  /** Hangs up. */
  close(why: string | null): void {
    if (this.#isClosed) return
    this.#why = why
    if (this.#stream === null) this.closed(null)
    else this.#stream.close()
  }

  closed(error: Error | null): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#helloTimer?.cancel()
    this.#owner.closed(this, this.#why ?? error?.message ?? null)
  }
}
