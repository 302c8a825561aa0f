/**
 * What follower and observer do alike: they take what the leader sends, tell what has become of it, and wait for the next
 * word. What a silence or a loss means is each role's own to say.
 */
import type { Following } from '../following.ts'
import type { NodeState } from '../node-state.ts'
import type { FirstWait, RoleEvent } from '../role.ts'

export class LeaderWatch {
  readonly following: Following
  readonly #node: NodeState
  readonly #firstWait: FirstWait
  #hearsLeader = false

  constructor(node: NodeState, following: Following, firstWait: FirstWait) {
    this.#node = node
    this.following = following
    this.#firstWait = firstWait
  }

  /** Word of the leader came, and its time is not over. */
  get hearsLeader(): boolean {
    return this.#hearsLeader
  }

  begin(): void {
    if (this.#firstWait !== 'as-is') this.wait(this.#firstWait)
  }

  /** Whether the event was word of the leader; then the wait begins anew. */
  take(event: RoleEvent): boolean {
    if (!this.#isWord(event)) return false
    this.#hearsLeader = true
    this.wait('whole')
    return true
  }

  /** The leader is silent, or gone. */
  lose(): void {
    this.#hearsLeader = false
  }

  wait(length: 'whole' | 'soon'): void {
    this.#node.emit({ type: 'set-timer', timer: 'election', soon: length === 'soon' })
  }

  #isWord(event: RoleEvent): boolean {
    switch (event.type) {
      case 'message':
        if (event.message.type === 'append-request') this.following.append(event.message)
        else if (event.message.type === 'snapshot-chunk') this.following.chunk(event.message)
        else return false
        return true
      case 'log-persisted':
        this.following.persisted()
        return false
      case 'applied':
        this.following.applied()
        return false
      case 'installation-done':
        this.following.installed(event.asked, event.isInstalled)
        return false
      default:
        return false
    }
  }
}
