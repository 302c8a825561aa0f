/**
 * The change of voters that a leader is making: asked, appended, committed (KIP-853).
 *
 * A set counts from its append on, and the next may come only when it is committed. Beside what the operator asks, it
 * writes down by itself which disk a voter has that was only configured: from then on another disk cannot vote for it.
 */
import { NO_TOKEN } from '../effect.ts'
import type { Voter } from '../message.ts'
import type { NodeState } from '../node-state.ts'
import { withDirectories } from '../voter-set.ts'
import type { Peers } from './peers.ts'
import { areSameVoters, refuseVoterChange } from './voter-change.ts'

export class VoterChanges {
  readonly #node: NodeState
  readonly #peers: Peers
  /** `offset`: of its entry; null until the host has appended it. */
  #change: { readonly token: number; readonly offset: number | null } | null = null

  constructor(node: NodeState, peers: Peers) {
    this.#node = node
    this.#peers = peers
  }

  /** Nothing is being appended, and the set that counts is committed. */
  get isSettled(): boolean {
    return this.#change === null && this.#node.voters.currentOffset < this.#node.highWatermark
  }

  ask(token: number, proposed: readonly Voter[], hasCommitted: boolean): void {
    const voters = this.#node.voters.current
    const { highWatermark, self } = this.#node
    const others = this.#peers.all.filter(({ matchedOffset }) => matchedOffset >= highWatermark)
    const reason = refuseVoterChange({
      voters,
      proposed,
      hasCommitted,
      isChanging: !this.isSettled,
      caughtUp: [self, ...others.map(({ replica }) => replica)],
    })
    if (reason !== null) this.#node.emit({ type: 'voters-refused', token, reason })
    else if (areSameVoters(voters, proposed)) this.#node.emit({ type: 'voters-committed', token })
    else this.#append(token, proposed)
  }

  appended(offset: number): void {
    if (this.#change?.offset === null) this.#change = { ...this.#change, offset }
  }

  /** The high watermark may have passed the change. */
  committed(): void {
    const offset = this.#change?.offset ?? null
    if (this.#change === null || offset === null || offset >= this.#node.highWatermark) return
    const { token } = this.#change
    this.#change = null
    if (token !== NO_TOKEN) this.#node.emit({ type: 'voters-committed', token })
  }

  /** Writes down the disks of voters that were only configured, once they have spoken. */
  fillDirectories(): void {
    const { current, currentOffset } = this.#node.voters
    if (!this.isSettled || currentOffset < 0) return
    const filled = withDirectories(current, this.#peers.knownReplicas)
    if (!areSameVoters(current, filled)) this.#append(NO_TOKEN, filled)
  }

  #append(token: number, voters: readonly Voter[]): void {
    this.#change = { token, offset: null }
    this.#node.emit({ type: 'append-voters', token, voters })
  }
}
