/**
 * One node of the metadata quorum: Raft as a pure machine, events in, effects out (Ongaro 2014; KIP-595, KIP-853, KIP-996).
 *
 * Here is what holds in every role: who is believed, that a later epoch ends what was, that an older one is told so, and
 * which role comes next. It never decides what a role decides, and never throws for a message that is merely wrong.
 */
import type { RaftEffect } from './effect.ts'
import type { RaftEvent } from './event.ts'
import { Following } from './following.ts'
import type { RaftMessage } from './message.ts'
import { isCredible } from './message-check.ts'
import { NodeState } from './node-state.ts'
import type { RaftFacts, RaftMachine, RaftStatus } from './raft-machine.ts'
import type { Role, RoleEvent, Transition } from './role.ts'
import { CandidateRole } from './roles/candidate.ts'
import { FollowerRole } from './roles/follower.ts'
import { LeaderRole } from './roles/leader.ts'
import { ObserverRole } from './roles/observer.ts'
import { PreCandidateRole } from './roles/pre-candidate.ts'
import { answerPreVote, answerVote, isAsked, type VoteRequest } from './voting.ts'

export type { RaftFacts, RaftMachine, RaftRole, RaftStatus, ReplicaProgress } from './raft-machine.ts'

class RaftNode implements RaftMachine {
  readonly #node: NodeState
  #role: Role

  constructor(facts: RaftFacts) {
    this.#node = new NodeState(facts)
    this.#role = this.#made({ to: 'following', following: new Following(this.#node, null), timer: 'whole' })
  }

  get status(): RaftStatus {
    const { epoch, leaderId, votedFor, highWatermark, log, voters } = this.#node
    return {
      role: this.#role.name,
      epoch,
      leaderId,
      votedFor,
      highWatermark,
      log: log.end,
      voters: voters.current,
      progress: this.#role instanceof LeaderRole ? this.#role.progress : [],
    }
  }

  start(): readonly RaftEffect[] {
    const { voters, self, isVoter } = this.#node
    const isAlone = isVoter && voters.current.every(({ id }) => id === self.id)
    this.#node.persistEpochOfLog()
    if (isAlone) this.#go({ to: 'candidate', isTransfer: false })
    else this.#go(this.#role.begin())
    return this.#node.takeEffects()
  }

  receive(event: RaftEvent): readonly RaftEffect[] {
    if (event.type === 'message') this.#hear(event.from, event.message)
    else this.#tell(event)
    this.#matchRoleToVoters()
    return this.#node.takeEffects()
  }

  /** Something that happened here: every role keeps its books alike, then the role itself hears of it. */
  #tell(event: Exclude<RaftEvent, { type: 'message' }>): void {
    const node = this.#node
    switch (event.type) {
      case 'state-persisted':
        node.statePersisted(event.state)
        break
      case 'appended':
        node.log.append(event.span)
        break
      case 'log-persisted':
        node.logPersisted(event.endOffset)
        break
      case 'truncated':
        node.truncated()
        break
      case 'applied':
        if (!node.applied(event.offset)) return
        break
      case 'voters-appended':
        node.voters.append(event.offset, event.voters)
        break
      case 'snapshot-written':
        node.snapshotWritten(event.snapshot, event.logStartOffset)
        break
      case 'snapshot-installed': {
        const asked = node.installed(event.snapshot, event.voters)
        this.#pass({ type: 'installation-done', asked, isInstalled: event.snapshot !== null })
        return
      }
      case 'change-voters':
        if (this.#role.name === 'leader') break
        node.emit({ type: 'voters-refused', token: event.token, reason: 'not-leader' })
        return
      case 'connected':
        node.connected(event.peer)
        break
      case 'disconnected':
        node.disconnected(event.peer)
        break
      case 'timer':
      case 'probed':
      case 'entries-sent':
      case 'transfer-leadership':
        break
    }
    this.#pass(event)
  }

  #pass(event: RoleEvent): void {
    this.#go(this.#role.receive(event))
  }

  #hear(from: number, message: RaftMessage): void {
    const node = this.#node
    if (!isCredible(node.self.id, from, message)) return
    if (message.type === 'vote-request') {
      if (isAsked(node, message.voter)) this.#asked(message)
      return
    }
    if (message.epoch > node.epoch) {
      const isLeader = message.type === 'append-request' || message.type === 'snapshot-chunk'
      this.#enterEpoch(message.epoch, isLeader ? message.leaderId : null)
    }
    if (message.epoch < node.epoch) {
      this.#hearOld(from, message)
      return
    }
    switch (message.type) {
      case 'append-request':
      case 'snapshot-chunk':
        if (!this.#heedLeader(message.leaderId)) return
        break
      case 'take-over':
        if (!this.#mayTakeOver(message.leaderId)) return
        break
      case 'attach':
        if (this.#role.name === 'leader') break
        this.#hint(from)
        return
      case 'vote-response':
      case 'append-response':
      case 'snapshot-response':
      case 'leader-hint':
        break
    }
    this.#pass({ type: 'message', from, message })
  }

  #asked(request: VoteRequest): void {
    if (request.isPreVote) {
      if (answerPreVote(this.#node, request, this.#role.hearsLeader))
        this.#pass({ type: 'pre-vote-granted', candidateId: request.candidate.id })
      return
    }
    if (request.epoch > this.#node.epoch) this.#enterEpoch(request.epoch, null)
    if (!answerVote(this.#node, request)) return
    // Whoever has its vote is given the whole time to win.
    this.#follow(null, 'whole')
  }

  /** Word from an epoch that is over: a leader is told so; one that looks for the leader is told who it is. */
  #hearOld(from: number, message: RaftMessage): void {
    switch (message.type) {
      case 'append-request':
      case 'snapshot-chunk':
      case 'take-over':
        this.#hint(from)
        return
      case 'attach':
        if (this.#role.name === 'leader') this.#pass({ type: 'message', from, message })
        else this.#hint(from)
        return
      case 'vote-request':
      case 'vote-response':
      case 'append-response':
      case 'snapshot-response':
      case 'leader-hint':
        return
    }
  }

  #hint(to: number): void {
    const { epoch, leaderId, voters } = this.#node
    const endpoint = voters.current.find(({ id }) => id === leaderId)?.endpoints[0]
    const leaderAt = endpoint && { host: endpoint.host, port: endpoint.port }
    this.#node.send(to, { type: 'leader-hint', epoch, leaderId, ...(leaderAt && { leaderAt }) })
  }

  /** A leader of this epoch speaks; false when there is another, which cannot be. */
  #heedLeader(leaderId: number): boolean {
    if (this.#node.leaderId === leaderId) return true
    if (this.#node.leaderId !== null) return false
    this.#follow(leaderId, 'as-is')
    return true
  }

  #mayTakeOver(leaderId: number): boolean {
    const { leaderId: known, installing } = this.#node
    const waits = this.#role.name === 'follower' || this.#role.name === 'pre-candidate'
    return waits && installing === null && (known === null || known === leaderId)
  }

  /** A later epoch has begun: whatever this node was in the one before is over. */
  #enterEpoch(epoch: number, leaderId: number | null): void {
    // All but a leader have an election timer that runs; a question alone is no reason to wait anew.
    const timer = this.#role.name === 'leader' ? 'whole' : 'as-is'
    this.#role.end()
    this.#node.enterEpoch(epoch, null, leaderId)
    this.#node.knowLeader(null, true)
    this.#become({ to: 'following', following: new Following(this.#node, null), timer })
  }

  #follow(leaderId: number | null, timer: 'whole' | 'as-is'): void {
    this.#go({ to: 'following', following: new Following(this.#node, leaderId), timer })
  }

  #go(transition: Transition | null): void {
    if (transition === null) return
    this.#role.end()
    this.#become(transition)
  }

  #become(first: Transition): void {
    for (let next: Transition | null = first; next !== null; ) {
      if (next !== first) this.#role.end()
      this.#role = this.#made(next)
      next = this.#role.begin()
    }
  }

  #made(transition: Transition): Role {
    const node = this.#node
    switch (transition.to) {
      case 'following': {
        const { following, timer } = transition
        node.knowLeader(following.leaderId)
        return node.mayLead
          ? new FollowerRole(node, following, timer)
          : new ObserverRole(node, following, timer)
      }
      case 'pre-candidate':
        node.knowLeader(null)
        return new PreCandidateRole(node, transition.hastyElections)
      case 'candidate':
        return new CandidateRole(node, transition.isTransfer)
      case 'leader':
        node.knowLeader(node.self.id)
        return new LeaderRole(node, transition.granted)
    }
  }

  /** A change of voters, or its undoing, makes a voter of an observer, or the other way; a leader leads on till then. */
  #matchRoleToVoters(): void {
    const role = this.#role
    if (role.name === 'leader' || (role.name === 'observer') === !this.#node.mayLead) return
    const isFollowing = role instanceof FollowerRole || role instanceof ObserverRole
    const following = isFollowing ? role.following : new Following(this.#node, null)
    this.#go({ to: 'following', following, timer: 'as-is' })
  }
}

/** A machine that knows what `facts` say; `start` sets it going. Throws when they contradict each other. */
export function createRaftNode(facts: RaftFacts): RaftMachine {
  return new RaftNode(facts)
}
