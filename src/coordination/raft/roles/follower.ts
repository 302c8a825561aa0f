/**
 * A voter that follows a leader, or waits for one (Raft §5.2).
 *
 * It stands for election when its timer rings. A leader whose stream is gone may be dead: then the timer is short, and a
 * pre-vote is not refused on its account; a false hint costs a question, because others that hear the leader refuse.
 */
import type { Following } from '../following.ts'
import { raftLimits } from '../limits.ts'
import type { NodeState } from '../node-state.ts'
import type { Role, RoleEvent, Transition } from '../role.ts'
import { takeFromLeader } from './take-from-leader.ts'

export class FollowerRole implements Role {
  readonly name = 'follower'
  readonly #node: NodeState
  readonly #following: Following
  readonly #firstTimer: 'whole' | 'soon' | 'as-is'
  #hearsLeader = false
  #hintedElections = 0

  constructor(node: NodeState, following: Following, firstTimer: 'whole' | 'soon' | 'as-is') {
    this.#node = node
    this.#following = following
    this.#firstTimer = firstTimer
  }

  get hearsLeader(): boolean {
    return this.#hearsLeader
  }

  get following(): Following {
    return this.#following
  }

  begin(): Transition | null {
    if (this.#firstTimer !== 'as-is') this.#setTimer(this.#firstTimer === 'soon')
    return null
  }

  receive(event: RoleEvent): Transition | null {
    if (takeFromLeader(this.#following, event)) {
      this.#hearsLeader = true
      this.#hintedElections = 0
      this.#setTimer(false)
      return null
    }
    switch (event.type) {
      case 'message':
        return this.#message(event)
      case 'timer':
        return event.timer === 'election' ? this.#ring() : null
      case 'connected':
        if (this.#following.leaderId === null) this.#following.attach(event.peer)
        return null
      case 'disconnected':
        this.#lose(event.peer)
        return null
      default:
        return null
    }
  }

  end(): void {}

  #message({ message }: Extract<RoleEvent, { type: 'message' }>): Transition | null {
    if (message.type === 'take-over') {
      return { to: 'candidate', isTransfer: true }
    }
    if (message.type === 'leader-hint' && this.#following.leaderId === null && message.leaderId !== null) {
      this.#following.attach(message.leaderId)
    }
    return null
  }

  #ring(): Transition | null {
    this.#hearsLeader = false
    if (this.#node.installing === null) {
      return { to: 'pre-candidate', hintedElections: this.#hintedElections }
    }
    // Its log is about to be another one.
    this.#setTimer(false)
    return null
  }

  #lose(peer: number): void {
    if (peer !== this.#following.leaderId) return
    this.#hearsLeader = false
    this.#hintedElections = raftLimits.hintedElectionsMax
    this.#setTimer(true)
  }

  #setTimer(soon: boolean): void {
    this.#node.emit({ type: 'set-timer', timer: 'election', soon })
  }
}
