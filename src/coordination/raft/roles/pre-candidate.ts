/**
 * A voter that asks whether it could win before it disturbs anybody (Ongaro 2014, §9.6; KIP-996).
 *
 * Nothing is promised and no epoch moves. It stays so until a majority would vote for it, or a leader speaks. Of two that
 * ask each other at the same moment the one with the smaller id gives way, or they would split the votes.
 */
import { Ballot, type VoteResponse } from '../ballot.ts'
import { Following } from '../following.ts'
import type { NodeState } from '../node-state.ts'
import type { Role, RoleEvent, Transition } from '../role.ts'

export class PreCandidateRole implements Role {
  readonly name = 'pre-candidate'
  readonly hearsLeader = false
  readonly #node: NodeState
  readonly #hastyElections: number
  readonly #ballot: Ballot
  /** Until the timer rings. */
  #givesWay = false

  constructor(node: NodeState, hastyElections: number) {
    this.#node = node
    this.#hastyElections = hastyElections
    this.#ballot = new Ballot(node)
  }

  begin(): Transition | null {
    // Others may see the leader's death a moment later: asked again soon, they may think otherwise.
    this.#node.emit({ type: 'set-timer', timer: 'election', soon: this.#hastyElections > 0 })
    this.#ballot.count(this.#node.self, true)
    this.#ballot.ask(true, false)
    return this.#next()
  }

  receive(event: RoleEvent): Transition | null {
    switch (event.type) {
      case 'message':
        if (event.message.type === 'vote-response') return this.#answered(event.message)
        if (event.message.type === 'leader-hint') this.#attach(event.message.leaderId)
        if (event.message.type === 'take-over') return { to: 'candidate', isTransfer: true }
        return null
      case 'timer':
        if (event.timer !== 'election') return null
        return { to: 'pre-candidate', hastyElections: Math.max(0, this.#hastyElections - 1) }
      case 'pre-vote-granted':
        this.#givesWay ||= event.candidateId > this.#node.self.id
        return null
      case 'connected':
        this.#attach(event.peer)
        return null
      default:
        return null
    }
  }

  end(): void {}

  #answered(message: VoteResponse): Transition | null {
    if (!message.isPreVote) return null
    this.#ballot.count(message.voter, message.granted)
    // Who is refused because a leader lives lets that leader know of it: it may have been forgotten, or removed.
    if (!message.granted) this.#attach(message.leaderId)
    return this.#next()
  }

  #next(): Transition | null {
    return this.#ballot.tally === 'won' && !this.#givesWay ? { to: 'candidate', isTransfer: false } : null
  }

  #attach(peer: number | null): void {
    if (peer !== null && peer !== this.#node.self.id) new Following(this.#node, null).attach(peer)
  }
}
