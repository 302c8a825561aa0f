/**
 * A voter that follows a leader, or waits for one (Raft §5.2).
 *
 * It stands for election when its timer rings. A leader whose stream is gone may be dead: then it is looked for, and only
 * when nobody listens there any more is the timer short, and a pre-vote not refused on its account. One that is frozen
 * or slow still listens; a false hint costs a connection.
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
  #hastyElections = 0

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
      this.#hastyElections = 0
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
        if (event.peer === this.#following.leaderId) this.#node.emit({ type: 'probe', peer: event.peer })
        return null
      case 'probed':
        if (event.peer === this.#following.leaderId && !event.isListening) this.#loseLeader()
        return null
      case 'pre-vote-granted':
        // Whoever asked first is given the time to win.
        if (this.#hastyElections > 0) this.#setTimer(true)
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
      return { to: 'pre-candidate', hastyElections: this.#hastyElections }
    }
    // Its log is about to be another one.
    this.#setTimer(false)
    return null
  }

  #loseLeader(): void {
    this.#hearsLeader = false
    this.#hastyElections = raftLimits.hastyElectionsMax
    this.#setTimer(true)
  }

  #setTimer(soon: boolean): void {
    this.#node.emit({ type: 'set-timer', timer: 'election', soon })
  }
}
