/**
 * A node without a vote: it follows the log, and looks for the leader when it hears none (KIP-595, KIP-853).
 *
 * It never stands for election. Its `election` timer only makes it ask the voters again who leads.
 */
import type { Following } from '../following.ts'
import type { NodeState } from '../node-state.ts'
import type { FirstWait, Role, RoleEvent, Transition } from '../role.ts'
import { LeaderWatch } from './leader-watch.ts'

export class ObserverRole implements Role {
  readonly name = 'observer'
  readonly #node: NodeState
  readonly #watch: LeaderWatch

  constructor(node: NodeState, following: Following, firstWait: FirstWait) {
    this.#node = node
    this.#watch = new LeaderWatch(node, following, firstWait)
  }

  get hearsLeader(): boolean {
    return this.#watch.hearsLeader
  }

  get following(): Following {
    return this.#watch.following
  }

  begin(): Transition | null {
    this.#watch.begin()
    return null
  }

  receive(event: RoleEvent): Transition | null {
    if (this.#watch.take(event)) return null
    switch (event.type) {
      case 'message':
        if (event.message.type === 'leader-hint') this.#follow(event.message.leaderId)
        return null
      case 'timer':
        if (event.timer === 'election') this.#ask()
        return null
      case 'connected':
        // A leader forgets observers whose stream has gone.
        if (!this.hearsLeader || event.peer === this.following.leaderId) this.following.attach(event.peer)
        return null
      case 'disconnected':
        if (event.peer !== this.following.leaderId) return null
        this.#watch.lose()
        this.#watch.wait('soon')
        return null
      default:
        return null
    }
  }

  end(): void {}

  #follow(leaderId: number | null): void {
    if (!this.hearsLeader && leaderId !== null) this.following.attach(leaderId)
  }

  /** Whoever leads takes it in; the others say who does. */
  #ask(): void {
    this.#watch.lose()
    for (const { id } of this.#node.voters.current) {
      if (id !== this.#node.self.id) this.following.attach(id)
    }
    this.#watch.wait('whole')
  }
}
