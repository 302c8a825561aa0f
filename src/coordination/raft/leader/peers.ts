/**
 * The nodes that a leader brings up to its log: every voter, and observers that have attached.
 *
 * A node is known by its disk: one that comes back with another is a stranger under an old id, and nothing that the
 * former promised counts for it.
 */
import { raftLimits } from '../limits.ts'
import { type ReplicaKey, UNKNOWN_DIRECTORY } from '../message.ts'
import type { NodeState } from '../node-state.ts'
import { isSameVoter, isVoter } from '../voter-set.ts'
import { type Peer, unknownPeer } from './peer.ts'

export class Peers {
  readonly #node: NodeState
  readonly #peers = new Map<number, Peer>()

  constructor(node: NodeState) {
    this.#node = node
    this.addVoters()
  }

  get all(): readonly Peer[] {
    return [...this.#peers.values()].filter(({ isGone }) => !isGone)
  }

  get voters(): readonly Peer[] {
    return this.all.filter((peer) => this.isVoter(peer))
  }

  /** Disks that have spoken, this node's own included. */
  get knownReplicas(): readonly ReplicaKey[] {
    const others = this.all.map(({ replica }) => replica)
    return [this.#node.self, ...others].filter(({ directoryId }) => directoryId !== UNKNOWN_DIRECTORY)
  }

  isVoter(peer: Peer): boolean {
    return isVoter(this.#node.voters.current, peer.replica)
  }

  get(id: number): Peer | undefined {
    return this.#peers.get(id)
  }

  /** Voters of the set that counts now; gives those that are new here. */
  addVoters(): readonly Peer[] {
    const added = this.#node.voters.current
      .filter(({ id }) => id !== this.#node.self.id && !this.#peers.has(id))
      .map(({ id, directoryId }) => unknownPeer({ id, directoryId }, this.#node.log.end))
    for (const peer of added) this.#peers.set(peer.id, peer)
    return added
  }

  /** The node that speaks; undefined when it is unknown, or another disk than the one that is known. */
  speaking(replica: ReplicaKey): Peer | undefined {
    const peer = this.#peers.get(replica.id)
    if (peer?.replica.directoryId === UNKNOWN_DIRECTORY) peer.replica = replica
    return peer?.replica.directoryId === replica.directoryId ? peer : undefined
  }

  /** Takes a node in, or in anew with another disk; undefined when there are too many. */
  admit(replica: ReplicaKey): Peer | undefined {
    const before = this.#peers.get(replica.id)
    if (before === undefined && this.#peers.size >= raftLimits.observersMax) return undefined
    const peer = this.speaking(replica) ?? this.#renew(before, replica)
    peer.isGone = false
    this.#peers.set(replica.id, peer)
    return peer
  }

  /** An observer whose stream is gone is forgotten, once the host no longer reads for it. */
  forget(peer: Peer): void {
    if (peer.readingRound === null) this.#peers.delete(peer.id)
    else peer.isGone = true
  }

  /** What each voter has on its disk; -1 where another disk speaks under its id. */
  get votersOffsets(): readonly number[] {
    return this.#node.voters.current.map((voter) => {
      if (isSameVoter(voter, this.#node.self)) return this.#node.persistedOffset
      const peer = this.#peers.get(voter.id)
      return peer !== undefined && isSameVoter(voter, peer.replica) ? peer.matchedOffset : -1
    })
  }

  /** Which voters have been heard since it was last asked; this node hears itself. */
  takeHeard(): readonly boolean[] {
    const heard = this.#node.voters.current.map((voter) => {
      if (isSameVoter(voter, this.#node.self)) return true
      const peer = this.#peers.get(voter.id)
      return peer !== undefined && isSameVoter(voter, peer.replica) && peer.isHeard
    })
    for (const peer of this.#peers.values()) peer.isHeard = false
    return heard
  }

  /** Rounds go on, so that no answer to the former disk is taken for one of this. */
  #renew(before: Peer | undefined, replica: ReplicaKey): Peer {
    const peer = unknownPeer(replica, this.#node.log.end)
    if (before !== undefined) {
      peer.round = before.round
      peer.firstRoundOfMode = before.round + 1
      peer.readingRound = before.readingRound
    }
    return peer
  }
}
