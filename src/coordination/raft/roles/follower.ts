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
import type { FirstWait, Role, RoleEvent, Transition } from '../role.ts'
import { LeaderWatch } from './leader-watch.ts'

export class FollowerRole implements Role {
  readonly name = 'follower'
  readonly #node: NodeState
  readonly #watch: LeaderWatch
  #hastyElections = 0

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
    if (this.#watch.take(event)) {
      this.#hastyElections = 0
      return null
    }
    switch (event.type) {
      case 'message':
        return this.#message(event)
      case 'timer':
        return event.timer === 'election' ? this.#ring() : null
      case 'connected':
        if (this.following.leaderId === null) this.following.attach(event.peer)
        if (this.#node.isNewAndWhole) this.#watch.wait('soon')
        return null
      case 'disconnected':
        if (event.peer === this.following.leaderId) this.#node.emit({ type: 'probe', peer: event.peer })
        return null
      case 'probed':
        if (event.peer === this.following.leaderId && !event.isListening) this.#loseLeader()
        return null
      case 'pre-vote-granted':
        // Whoever asked first is given the time to win.
        if (this.#hastyElections > 0) this.#watch.wait('soon')
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
    if (message.type === 'leader-hint' && this.following.leaderId === null && message.leaderId !== null) {
      this.following.attach(message.leaderId)
    }
    return null
  }

  #ring(): Transition | null {
    this.#watch.lose()
    if (this.#node.installing === null) {
      return { to: 'pre-candidate', hastyElections: this.#hastyElections }
    }
    // Its log is about to be another one.
    this.#watch.wait('whole')
    return null
  }

  #loseLeader(): void {
    this.#watch.lose()
    this.#hastyElections = raftLimits.hastyElectionsMax
    this.#watch.wait('soon')
  }
}
