/**
 * A node without a vote: it follows the log, and looks for the leader when it hears none (KIP-595, KIP-853).
 *
 * It never stands for election. Its `election` timer only makes it ask the voters again who leads.
 */
import type { Following } from '../following.ts'
import type { NodeState } from '../node-state.ts'
import type { Role, RoleEvent, Transition } from '../role.ts'
import { takeFromLeader } from './take-from-leader.ts'

export class ObserverRole implements Role {
  readonly name = 'observer'
  readonly #node: NodeState
  readonly #following: Following
  readonly #firstTimer: 'whole' | 'soon' | 'as-is'
  #hearsLeader = false

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
      this.#setTimer(false)
      return null
    }
    switch (event.type) {
      case 'message':
        if (event.message.type === 'leader-hint') this.#follow(event.message.leaderId)
        return null
      case 'timer':
        if (event.timer === 'election') this.#ask()
        return null
      case 'connected':
        // A leader forgets observers whose stream has gone.
        if (!this.#hearsLeader || event.peer === this.#following.leaderId) this.#following.attach(event.peer)
        return null
      case 'disconnected':
        if (event.peer !== this.#following.leaderId) return null
        this.#hearsLeader = false
        this.#setTimer(true)
        return null
      default:
        return null
    }
  }

  end(): void {}

  #follow(leaderId: number | null): void {
    if (!this.#hearsLeader && leaderId !== null) this.#following.attach(leaderId)
  }

  /** Whoever leads takes it in; the others say who does. */
  #ask(): void {
    this.#hearsLeader = false
    for (const { id } of this.#node.voters.current) {
      if (id !== this.#node.self.id) this.#following.attach(id)
    }
    this.#setTimer(false)
  }

  #setTimer(soon: boolean): void {
    this.#node.emit({ type: 'set-timer', timer: 'election', soon })
  }
}
