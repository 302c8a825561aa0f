/**
 * A voter that asks whether it could win before it disturbs anybody (Ongaro 2014, §9.6; KIP-996).
 *
 * Nothing is promised and no epoch moves. It stays so until a majority would vote for it, or a leader speaks.
 */
import { Ballot, type VoteResponse } from '../ballot.ts'
import { Following } from '../following.ts'
import type { NodeState } from '../node-state.ts'
import type { Role, RoleEvent, Transition } from '../role.ts'

export class PreCandidateRole implements Role {
  readonly name = 'pre-candidate'
  readonly hearsLeader = false
  readonly #node: NodeState
  readonly #hintedElections: number
  readonly #ballot: Ballot

  constructor(node: NodeState, hintedElections: number) {
    this.#node = node
    this.#hintedElections = hintedElections
    this.#ballot = new Ballot(node)
  }

  begin(): Transition | null {
    // After a hint others may see the leader's death a moment later: asked again soon, they may think otherwise.
    this.#node.emit({ type: 'set-timer', timer: 'election', soon: this.#hintedElections > 0 })
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
        return { to: 'pre-candidate', hintedElections: Math.max(0, this.#hintedElections - 1) }
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
    return this.#ballot.tally === 'won' ? { to: 'candidate', isTransfer: false } : null
  }

  #attach(peer: number | null): void {
    if (peer !== null && peer !== this.#node.self.id) new Following(this.#node, null).attach(peer)
  }
}
