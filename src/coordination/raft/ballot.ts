/**
 * One question to all voters, and what they have said: for pre-votes and votes alike.
 *
 * An answer counts only from the very voter that was asked, disk included, and by the set of voters that counts now.
 */
import type { RaftMessage, ReplicaKey } from './message.ts'
import type { NodeState } from './node-state.ts'
import { type Tally, tally } from './quorum/tally.ts'
import { isSameVoter } from './voter-set.ts'

export type VoteResponse = Extract<RaftMessage, { type: 'vote-response' }>

export class Ballot {
  readonly #node: NodeState
  readonly #answers: { readonly replica: ReplicaKey; readonly granted: boolean }[] = []

  constructor(node: NodeState) {
    this.#node = node
  }

  /** Asks every other voter. */
  ask(isPreVote: boolean, isTransfer: boolean): void {
    const { epoch, self: candidate, log, voters } = this.#node
    for (const { id, directoryId } of voters.current) {
      if (id === candidate.id) continue
      const voter = { id, directoryId }
      this.#node.send(id, {
        type: 'vote-request',
        epoch,
        isPreVote,
        candidate,
        voter,
        log: log.end,
        isTransfer,
      })
    }
  }

  /** The first answer of a replica stands; who is no voter is not heard. */
  count(replica: ReplicaKey, granted: boolean): void {
    if (!this.#node.voters.current.some((voter) => isSameVoter(voter, replica))) return
    if (this.#answerOf(replica) === undefined) this.#answers.push({ replica, granted })
  }

  get tally(): Tally {
    const { current } = this.#node.voters
    return tally(
      current.map(
        (voter) => this.#answers.find(({ replica }) => isSameVoter(voter, replica))?.granted ?? null,
      ),
    )
  }

  get granted(): readonly ReplicaKey[] {
    return this.#answers.filter(({ granted }) => granted).map(({ replica }) => replica)
  }

  #answerOf(replica: ReplicaKey): boolean | undefined {
    return this.#answers.find(({ replica: one }) => isSameVoter(one, replica))?.granted
  }
}
