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
    if (!this.#answers.some(({ replica: one }) => isSameVoter(one, replica)))
      this.#answers.push({ replica, granted })
  }

  get tally(): Tally {
    return tally(this.#node.voters.current.map((voter) => this.#answerOf(voter)))
  }

  /** It cannot be won any more: a majority has refused, or somebody has and no other can be reached. */
  get isLost(): boolean {
    const { voters, streams } = this.#node
    const answers = voters.current.map((voter) => ({ id: voter.id, granted: this.#answerOf(voter) }))
    const isRefused = answers.some(({ granted }) => granted === false)
    const areOthersGone = answers.every(({ id, granted }) => granted !== null || !streams.has(id))
    return this.tally === 'lost' || (this.tally === 'open' && isRefused && areOthersGone)
  }

  get granted(): readonly ReplicaKey[] {
    return this.#answers.filter(({ granted }) => granted).map(({ replica }) => replica)
  }

  /** null: it has said nothing. */
  #answerOf(voter: ReplicaKey): boolean | null {
    return this.#answers.find(({ replica }) => isSameVoter(voter, replica))?.granted ?? null
  }
}
