/**
 * The leader of an epoch (Raft §5.3, §5.4.2, §6; KIP-595, KIP-853).
 *
 * It commits what a majority has on its disks, but only once an entry of its own epoch is among it; resigns when it hears
 * no majority between two checks; changes voters one at a time; hands over when it is told to. It never cuts its log.
 */

import { Following } from '../following.ts'
import type { Peer } from '../leader/peer.ts'
import { Peers } from '../leader/peers.ts'
import { Replication } from '../leader/replication.ts'
import { furthest, Transfer } from '../leader/transfer.ts'
import { VoterChanges } from '../leader/voter-changes.ts'
import type { RaftMessage, ReplicaKey } from '../message.ts'
import type { NodeState } from '../node-state.ts'
import { majorityOffset } from '../quorum/majority-offset.ts'
import { tally } from '../quorum/tally.ts'
import type { ReplicaProgress } from '../raft-machine.ts'
import type { Role, RoleEvent, Transition } from '../role.ts'
import { withDirectories } from '../voter-set.ts'

export class LeaderRole implements Role {
  readonly name = 'leader'
  readonly hearsLeader = true
  readonly #node: NodeState
  readonly #granted: readonly ReplicaKey[]
  readonly #peers: Peers
  readonly #replication: Replication
  readonly #changes: VoterChanges
  /** Where the log ended when it was elected: only what is beyond commits by counting. */
  readonly #epochStartOffset: number
  #transfer: Transfer | null = null

  constructor(node: NodeState, granted: readonly ReplicaKey[]) {
    this.#node = node
    this.#granted = granted
    this.#peers = new Peers(node)
    this.#replication = new Replication(node)
    this.#changes = new VoterChanges(node, this.#peers)
    this.#epochStartOffset = node.log.endOffset
  }

  /** What it believes of the others. */
  get progress(): readonly ReplicaProgress[] {
    return this.#peers.all.map((peer) => ({
      replica: peer.replica,
      isVoter: this.#peers.isVoter(peer),
      matchedOffset: peer.matchedOffset,
      appliedOffset: peer.appliedOffset,
    }))
  }

  begin(): Transition | null {
    const node = this.#node
    // Voters that are only configured become part of the log, with the disks that are known by now.
    const voters =
      node.voters.currentOffset >= 0
        ? []
        : withDirectories(node.voters.current, [node.self, ...this.#granted])
    node.emit({ type: 'cancel-timer', timer: 'election' })
    node.emit({ type: 'lead', epoch: node.epoch, voters })
    node.emit({ type: 'set-timer', timer: 'heartbeat', soon: false })
    node.emit({ type: 'set-timer', timer: 'check-quorum', soon: false })
    for (const peer of this.#peers.all) this.#replication.heartbeat(peer)
    // Observers are not known yet: they attach when they hear who leads now.
    for (const id of node.streams) {
      if (this.#peers.get(id) !== undefined) continue
      node.send(id, { type: 'leader-hint', epoch: node.epoch, leaderId: node.self.id })
    }
    return null
  }

  receive(event: RoleEvent): Transition | null {
    switch (event.type) {
      case 'message':
        return this.#message(event.message)
      case 'timer':
        return this.#ring(event.timer)
      case 'appended':
        for (const peer of this.#peers.all) this.#replication.pump(peer)
        return null
      case 'log-persisted':
        return this.#commit()
      case 'entries-sent':
        this.#sent(event)
        return null
      case 'voters-appended':
        return this.#votersAppended(event.offset)
      case 'connected':
        this.#probe(event.peer)
        return null
      case 'disconnected':
        this.#lose(event.peer)
        return null
      case 'transfer-leadership':
        this.#beginTransfer(event.to)
        return null
      case 'change-voters':
        this.#changes.ask(event.token, event.voters, this.#hasCommitted)
        return null
      default:
        return null
    }
  }

  end(): void {
    this.#node.emit({ type: 'cancel-timer', timer: 'heartbeat' })
    this.#node.emit({ type: 'cancel-timer', timer: 'check-quorum' })
    this.#node.emit({ type: 'resign', epoch: this.#node.epoch })
  }

  get #hasCommitted(): boolean {
    return this.#node.highWatermark > this.#epochStartOffset
  }

  #resign(): Transition {
    return { to: 'following', following: new Following(this.#node, null), timer: 'whole' }
  }

  #message(message: RaftMessage): Transition | null {
    switch (message.type) {
      case 'append-response':
        return this.#appendAnswered(message)
      case 'snapshot-response': {
        const peer = this.#heard(message.replica)
        if (peer === undefined) return null
        const { snapshot, nextPosition, installed } = message
        if (snapshot.endOffset > this.#node.log.endOffset) return null
        this.#replication.chunkAnswered(peer, snapshot, nextPosition, installed)
        return this.#commit()
      }
      case 'attach': {
        const peer = this.#peers.admit(message.replica)
        if (peer !== undefined) this.#replication.attached(peer, message.log)
        return null
      }
      default:
        return null
    }
  }

  /** Who speaks; a disk that was not known under its id is asked from the beginning, and has said nothing yet. */
  #heard(replica: ReplicaKey): Peer | undefined {
    const known = this.#peers.get(replica.id)
    if (known === undefined) return undefined
    const peer = this.#peers.speaking(replica)
    if (peer !== undefined) {
      peer.isHeard = true
      return peer
    }
    const renewed = this.#peers.admit(replica)
    if (renewed !== undefined) this.#replication.probe(renewed, this.#node.log.endOffset)
    return undefined
  }

  #appendAnswered(message: Extract<RaftMessage, { type: 'append-response' }>): Transition | null {
    const { round, outcome } = message
    const peer = this.#heard(message.replica)
    if (peer === undefined || round > peer.round) return null
    if (outcome.kind === 'diverged') {
      this.#replication.diverged(peer, round, outcome.log)
      return null
    }
    if (outcome.endOffset > this.#node.log.endOffset) return null
    peer.appliedOffset = message.appliedOffset
    this.#replication.accepted(peer, round, outcome.endOffset)
    this.#handOver()
    return this.#commit()
  }

  /** Raft §5.4.2: what a majority has is committed with the first entry of this epoch, never before. */
  #commit(): Transition | null {
    const offset = majorityOffset(this.#peers.votersOffsets)
    if (offset <= this.#epochStartOffset) return null
    if (this.#node.advanceHighWatermark(offset)) {
      for (const peer of this.#peers.all) this.#replication.tellHighWatermark(peer)
    }
    this.#changes.committed()
    if (!this.#node.isVoter && this.#changes.isSettled) return this.#leaveQuorum()
    this.#changes.fillDirectories()
    return null
  }

  /** Removed, and it is committed: the others know of it, and the furthest need not wait for its timer. */
  #leaveQuorum(): Transition {
    const next = furthest(this.#peers.voters)
    if (next !== null) this.#takeOver(next)
    return this.#resign()
  }

  #ring(timer: 'election' | 'heartbeat' | 'check-quorum'): Transition | null {
    switch (timer) {
      case 'election':
        return null
      case 'heartbeat':
        for (const peer of this.#peers.all) this.#replication.tick(peer)
        if (this.#transfer?.isOver() === true) this.#transfer = null
        this.#node.emit({ type: 'set-timer', timer: 'heartbeat', soon: false })
        return null
      case 'check-quorum':
        if (tally(this.#peers.takeHeard()) !== 'won') return this.#resign()
        this.#node.emit({ type: 'set-timer', timer: 'check-quorum', soon: false })
        return null
    }
  }

  #sent(event: Extract<RoleEvent, { type: 'entries-sent' }>): void {
    const peer = this.#peers.get(event.to)
    // What an earlier leadership of this node asked for is not awaited any more.
    if (peer === undefined || event.epoch !== this.#node.epoch || peer.readingRound === null) return
    this.#replication.entriesSent(peer, event.endOffset)
    if (peer.isGone) this.#peers.forget(peer)
  }

  #votersAppended(offset: number): Transition | null {
    for (const peer of this.#peers.addVoters()) this.#replication.heartbeat(peer)
    this.#changes.appended(offset)
    return this.#commit()
  }

  #probe(id: number): void {
    const peer = this.#peers.get(id)
    if (peer !== undefined) this.#replication.probe(peer, this.#node.log.endOffset)
  }

  #lose(id: number): void {
    const peer = this.#peers.get(id)
    if (peer === undefined) return
    if (this.#peers.isVoter(peer)) this.#replication.stop(peer)
    else this.#peers.forget(peer)
  }

  #beginTransfer(to: number | null): void {
    const voters = this.#peers.voters
    const target = to === null ? furthest(voters) : voters.find(({ id }) => id === to)
    if (target === undefined || target === null) return
    this.#transfer = new Transfer(target.id, this.#node.log.endOffset)
    this.#handOver()
  }

  #handOver(): void {
    const peer = this.#transfer === null ? undefined : this.#peers.get(this.#transfer.target)
    if (peer !== undefined && this.#transfer?.takesOver(peer) === true) this.#takeOver(peer)
  }

  #takeOver(peer: Peer): void {
    const { epoch, self } = this.#node
    this.#node.send(peer.id, { type: 'take-over', epoch, leaderId: self.id })
  }
}
