/**
 * What a role is to the node around it: it takes events of its own epoch and says which role comes next.
 *
 * A role never makes another: it names it, so that roles know nothing of each other.
 */
import type { RaftEvent } from './event.ts'
import type { Following } from './following.ts'
import type { ReplicaKey, SnapshotId } from './message.ts'
import type { RaftRole } from './raft-machine.ts'

/** How the wait for a leader begins; `as-is`: a timer runs already. */
export type FirstWait = 'whole' | 'soon' | 'as-is'

export type Transition =
  /** Follows a leader, or waits for one: a follower when it is a voter, otherwise an observer. */
  | { readonly to: 'following'; readonly following: Following; readonly timer: FirstWait }
  /** `hastyElections`: how many more pre-votes come after a short wait. */
  | { readonly to: 'pre-candidate'; readonly hastyElections: number }
  | { readonly to: 'candidate'; readonly isTransfer: boolean }
  /** `granted`: who voted for it, by directory. */
  | { readonly to: 'leader'; readonly granted: readonly ReplicaKey[] }

/** What roles hear of: messages here are credible and of the node's own epoch (an `attach` may be of an older one). */
export type RoleEvent =
  | Exclude<RaftEvent, { type: 'snapshot-installed' }>
  | { readonly type: 'installation-done'; readonly asked: SnapshotId; readonly isInstalled: boolean }
  /** This node would vote for that one, and has told it so. */
  | { readonly type: 'pre-vote-granted'; readonly candidateId: number }

export interface Role {
  readonly name: RaftRole
  /** Whether this node has heard of a live leader, itself included: then a pre-vote is refused (KIP-996). */
  readonly hearsLeader: boolean
  begin(): Transition | null
  /** Questions for a vote are answered before; they do not come here. */
  receive(event: RoleEvent): Transition | null
  end(): void
}
