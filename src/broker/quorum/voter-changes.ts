/**
 * Changes of the voters that operators wait for, by the number under which the Raft node knows each.
 */
import type { VoterChangeRefusal } from '../../coordination/raft/effect.ts'
import type { RaftEvent } from '../../coordination/raft/event.ts'
import type { Voter } from '../../coordination/raft/message.ts'
import { VotersRefused } from './voters-refused.ts'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class VoterChanges {
  readonly #receive: (event: RaftEvent) => void
  readonly #waiting = new Map<number, Waiting>()
  #lastToken = 0

  constructor(receive: (event: RaftEvent) => void) {
    this.#receive = receive
  }

  /** Resolves when the set is committed. The Raft node takes one change at a time, so few ever wait. */
  propose(voters: readonly Voter[]): Promise<void> {
    const token = ++this.#lastToken
    return new Promise((resolve, reject) => {
      this.#waiting.set(token, { resolve, reject })
      this.#receive({ type: 'change-voters', token, voters })
    })
  }

  /** `refusal` null: the change is committed. */
  settled(token: number, refusal: VoterChangeRefusal | null): void {
    const waiting = this.#waiting.get(token)
    this.#waiting.delete(token)
    if (refusal === null) waiting?.resolve()
    else waiting?.reject(new VotersRefused(refusal))
  }

  /** Of what waits nobody knows. */
  fail(error: Error): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting) reject(error)
  }
}
