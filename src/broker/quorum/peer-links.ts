/**
 * The streams between this node and the others: dials those that it is told of, takes in those that dial.
 *
 * Two nodes may have a stream in each direction. All messages to a node go over the oldest that lives, so that they stay
 * in order; when it ends the next one takes over, and Raft is told that what was under way may be lost. A node without
 * a stream is disconnected. It dials again for ever, with short waits.
 */
import type { RaftMessage, ReplicaKey } from '../../coordination/raft/message.ts'
import type { Timer } from '../../runtime/clock.ts'
import { limits } from '../../runtime/limits.ts'
import type { PeerAddress, PeerReceiver, PeerStream } from '../../runtime/peers.ts'
import { type ConversationOwner, PeerConversation } from './peer-conversation.ts'
import type { PeerVoice } from './peer-frames.ts'
import type { QuorumWorld } from './raft-quorum-options.ts'

const WARN_INTERVAL_MS = 1_000

export interface PeerLinksOwner {
  received(from: ReplicaKey, message: RaftMessage): void
  /** A stream is there, or another one took over: nothing that was sent before can be relied on. */
  connected(peerId: number): void
  disconnected(peerId: number): void
}

interface Dial {
  readonly address: PeerAddress
  conversation: PeerConversation | null
  redial: Timer | null
  failures: number
  /** Why it failed last, so that a node that stays away is logged once. */
  lastWhy: string | null
}

export class PeerLinks implements ConversationOwner {
  readonly #world: QuorumWorld
  readonly #voice: PeerVoice
  readonly #owner: PeerLinksOwner
  readonly #dials = new Map<number, Dial>()
  /** Of each node that has said who it is, oldest first. */
  readonly #streams = new Map<number, PeerConversation[]>()
  readonly #unnamed = new Set<PeerConversation>()
  #warnedMs = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(world: QuorumWorld, voice: PeerVoice, owner: PeerLinksOwner) {
    this.#world = world
    this.#voice = voice
    this.#owner = owner
  }

  /** Keeps a stream to each of these nodes, and to no others of its own accord. */
  aim(addresses: ReadonlyMap<number, PeerAddress>): void {
    for (const [id, dial] of this.#dials) {
      const wanted = addresses.get(id)
      if (wanted?.host === dial.address.host && wanted.port === dial.address.port) continue
      this.#dials.delete(id)
      dial.redial?.cancel()
      dial.conversation?.close(null)
    }
    for (const [id, address] of addresses) {
      if (id === this.#voice.hello.sender.id || this.#dials.has(id)) continue
      const dial: Dial = { address, conversation: null, redial: null, failures: 0, lastWhy: null }
      this.#dials.set(id, dial)
      this.#dial(id, dial)
    }
  }

  /** Where a node is dialled; null when it is not. */
  addressOf(id: number): PeerAddress | null {
    return this.#dials.get(id)?.address ?? null
  }

  isConnected(id: number): boolean {
    return this.#streams.has(id)
  }

  /** A stream that another node has opened. */
  accept(stream: PeerStream): PeerReceiver {
    const conversation = new PeerConversation(this.#voice, this.#world.clock, null, this)
    this.#unnamed.add(conversation)
    conversation.start(stream)
    if (this.#isClosed || this.#unnamed.size > limits.peerStreamsUnnamedMax) conversation.close(null)
    return conversation
  }

  /** Sends a message; to a node without a stream it is lost. */
  send(to: number, message: RaftMessage): void {
    this.#streams.get(to)?.[0]?.send(this.#voice.codec.encodeMessage(message))
  }

  close(): void {
    this.#isClosed = true
    for (const dial of this.#dials.values()) dial.redial?.cancel()
    for (const conversation of [...this.#unnamed, ...[...this.#streams.values()].flat()])
      conversation.close(null)
  }

  named(conversation: PeerConversation, peer: ReplicaKey): void {
    this.#unnamed.delete(conversation)
    const dial = this.#dials.get(peer.id)
    if (dial?.conversation === conversation) {
      dial.failures = 0
      dial.lastWhy = null
    }
    // A node has one stream in each direction, and one life: what it opened before is over.
    const others = this.#streams.get(peer.id) ?? []
    this.#streams.set(peer.id, [...others, conversation])
    if (others.length === 0) this.#owner.connected(peer.id)
    for (const other of others) {
      const isSameWay = other.expectedId === conversation.expectedId
      if (isSameWay || other.peer?.directoryId !== peer.directoryId) other.close(null)
    }
  }

  received(_conversation: PeerConversation, peer: ReplicaKey, message: RaftMessage): void {
    if (!this.#isClosed) this.#owner.received(peer, message)
  }

  closed(conversation: PeerConversation, why: string | null): void {
    this.#unnamed.delete(conversation)
    this.#forget(conversation)
    if (conversation.expectedId === null) {
      if (why !== null && conversation.peer === null) this.#warnOf(why)
      return
    }
    const dial = this.#dials.get(conversation.expectedId)
    if (dial?.conversation === conversation) this.#redial(conversation.expectedId, dial, why)
  }

  /** One line a second at most: strangers may dial as often as they like. */
  #warnOf(reason: string): void {
    const nowMs = this.#world.clock.monotonicMs()
    if (nowMs - this.#warnedMs < WARN_INTERVAL_MS) return
    this.#warnedMs = nowMs
    this.#world.log.warn('a peer was hung up on', { reason })
  }

  #forget(conversation: PeerConversation): void {
    const id = conversation.peer?.id
    const streams = id === undefined ? undefined : this.#streams.get(id)
    if (id === undefined || streams === undefined) return
    const left = streams.filter((stream) => stream !== conversation)
    if (left.length === 0) this.#streams.delete(id)
    else this.#streams.set(id, left)
    if (this.#isClosed || streams[0] !== conversation) return
    if (left.length === 0) this.#owner.disconnected(id)
    else this.#owner.connected(id)
  }

  #dial(id: number, dial: Dial): void {
    const { peers, clock } = this.#world
    const conversation = new PeerConversation(this.#voice, clock, id, this)
    dial.redial = null
    dial.conversation = conversation
    this.#unnamed.add(conversation)
    conversation.start(peers.openStream(dial.address, this.#voice.tls, conversation))
  }

  #redial(id: number, dial: Dial, why: string | null): void {
    if (this.#isClosed) return
    if (why !== null && why !== dial.lastWhy) {
      const { host, port } = dial.address
      this.#world.log.info('no stream to a node of the quorum', { peer: id, host, port, reason: why })
    }
    dial.lastWhy = why ?? dial.lastWhy
    const backoffMs = Math.min(
      limits.peerRedialMsMax,
      limits.peerRedialMsMin * 2 ** Math.min(dial.failures, 10),
    )
    dial.failures++
    const delayMs = backoffMs / 2 + this.#world.random.below(Math.ceil(backoffMs / 2) + 1)
    dial.redial = this.#world.clock.schedule(delayMs, () => this.#dial(id, dial))
  }
}
