/**
 * Listens to what the nodes of a quorum say to each other: who is asked for a vote and gives it away, who acts as leader,
 * and what that leader says is committed.
 *
 * It stands before the peer port of every node and hears a frame as it is sent, whether it arrives or not: a vote counts
 * once it was given away. It changes nothing and delays nothing.
 */
import { peerCodec } from '../../broker/quorum/peer-codec.ts'
import { type RaftMessage, type ReplicaKey, UNKNOWN_DIRECTORY } from '../../coordination/raft/message.ts'
import type { PeerNetwork, PeerReceiver, PeerStream } from '../../runtime/peers.ts'
import type { History, OverheardVote } from '../history.ts'

/** The other end of a stream; null until it has said who it is. */
interface Peer {
  id: number | null
}

export class OverheardQuorum {
  readonly #history: History
  readonly #nowMs: () => number
  /** What each leader told each follower last. */
  readonly #told = new Map<string, number>()
  readonly #onCommitted: () => void
  readonly #voteOf: (nodeId: number) => OverheardVote['onDisk']
  #committed = 0

  /** `onCommitted` is called when more is committed than anybody was told before; `voteOf` tells what a node's disk says. */
  constructor(
    history: History,
    nowMs: () => number,
    onCommitted: () => void,
    voteOf: (nodeId: number) => OverheardVote['onDisk'],
  ) {
    this.#history = history
    this.#nowMs = nowMs
    this.#onCommitted = onCommitted
    this.#voteOf = voteOf
  }

  /** The same port, overheard. */
  tap(peers: PeerNetwork): PeerNetwork {
    return {
      openStream: (address, tls, receiver) => {
        const peer: Peer = { id: null }
        return this.#sending(peers.openStream(address, tls, receiving(receiver, peer)), peer)
      },
      serve: (host, port, handlers, tls) => {
        const accept = (stream: PeerStream): PeerReceiver => {
          const peer: Peer = { id: null }
          return receiving(handlers.accept(this.#sending(stream, peer)), peer)
        }
        return peers.serve(host, port, { accept, answer: (request) => handlers.answer(request) }, tls)
      },
      call: (...request) => peers.call(...request),
      isListening: (...question) => peers.isListening(...question),
      close: () => peers.close(),
    }
  }

  #sending(stream: PeerStream, peer: Peer): PeerStream {
    return {
      get unsentBytes() {
        return stream.unsentBytes
      },
      send: (frame) => {
        const decoded = peerCodec.decodeFrame(frame)
        if (decoded?.type === 'raft' && peer.id !== null) this.#hear(decoded.message, peer.id)
        stream.send(frame)
      },
      close: () => stream.close(),
    }
  }

  #hear(message: RaftMessage, to: number): void {
    const { epoch } = message
    if (message.type === 'vote-request' && !message.isPreVote) {
      const { candidate, voter } = message
      for (const asked of [candidate, voter])
        this.#history.votesAsked.push({ epoch, voter: nameOf(asked), candidate: candidate.id })
      this.#vote(epoch, candidate, candidate.id)
    }
    if (message.type === 'vote-response' && !message.isPreVote && message.granted)
      this.#vote(epoch, message.voter, to)
    if (message.type === 'append-request') this.#led(epoch, message.leaderId, message.highWatermark, to)
  }

  #vote(epoch: number, voter: ReplicaKey, candidate: number): void {
    const anyDisk = nameOf({ id: voter.id, directoryId: UNKNOWN_DIRECTORY })
    const onDisk = this.#voteOf(voter.id)
    this.#history.votes.push({ epoch, voter: nameOf(voter), anyDisk, candidate, onDisk })
  }

  #led(epoch: number, leader: number, highWatermark: number, follower: number): void {
    const key = `${epoch} ${leader} ${follower}`
    if (this.#told.get(key) === highWatermark) return
    this.#told.set(key, highWatermark)
    this.#history.leaders.push({ epoch, leader, highWatermark, follower, atMs: this.#nowMs() })
    if (highWatermark <= this.#committed) return
    this.#committed = highWatermark
    this.#onCommitted()
  }
}

function nameOf({ id, directoryId }: ReplicaKey): string {
  return `${id} on ${directoryId === UNKNOWN_DIRECTORY ? 'any disk' : `disk ${directoryId}`}`
}

/** Hears who the other side says it is. */
function receiving(receiver: PeerReceiver, peer: Peer): PeerReceiver {
  return {
    received: (frame) => {
      if (peer.id === null) {
        const decoded = peerCodec.decodeFrame(frame)
        if (decoded?.type === 'hello') peer.id = decoded.hello.sender.id
      }
      receiver.received(frame)
    },
    closed: (error) => receiver.closed(error),
  }
}
