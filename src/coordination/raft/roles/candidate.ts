/**
 * A voter that stands for election in an epoch of its own (Raft §5.2).
 *
 * It votes for itself first; that vote counts, and the question goes out, once epoch and vote are on the disk. When it
 * cannot win any more it asks again soon, with a pre-vote: the votes were split.
 */
import { Ballot } from '../ballot.ts'
import { raftLimits } from '../limits.ts'
import type { NodeState } from '../node-state.ts'
import type { Role, RoleEvent, Transition } from '../role.ts'

export class CandidateRole implements Role {
  readonly name = 'candidate'
  readonly hearsLeader = false
  readonly #node: NodeState
  readonly #isTransfer: boolean
  readonly #ballot: Ballot
  #isLost = false

  constructor(node: NodeState, isTransfer: boolean) {
    this.#node = node
    this.#isTransfer = isTransfer
    this.#ballot = new Ballot(node)
  }

  begin(): Transition | null {
    this.#node.enterEpoch(this.#node.epoch + 1, this.#node.self, null)
    this.#node.knowLeader(null, true)
    this.#node.emit({ type: 'set-timer', timer: 'election', soon: false })
    this.#ballot.ask(false, this.#isTransfer)
    return null
  }

  receive(event: RoleEvent): Transition | null {
    switch (event.type) {
      case 'state-persisted':
        if (this.#node.isStateDurable) this.#ballot.count(this.#node.self, true)
        return this.#next()
      case 'message':
        if (event.message.type !== 'vote-response' || event.message.isPreVote) return null
        this.#ballot.count(event.message.voter, event.message.granted)
        return this.#next()
      case 'timer':
        return event.timer === 'election' ? this.#askAgain() : null
      default:
        return null
    }
  }

  end(): void {}

  #next(): Transition | null {
    if (this.#ballot.tally === 'won') return { to: 'leader', granted: this.#ballot.granted }
    if (this.#ballot.isLost && !this.#isLost) {
      this.#isLost = true
      this.#node.emit({ type: 'set-timer', timer: 'election', soon: true })
    }
    return null
  }

  #askAgain(): Transition {
    return { to: 'pre-candidate', hastyElections: this.#isLost ? raftLimits.hastyElectionsMax : 0 }
  }
}
