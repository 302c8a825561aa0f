/**
 * Plan: how a node that lost its disk becomes a voter again, and how one that should vote begins to (KIP-853, auto join).
 *
 * Its id stands in the set with a disk that is gone; what runs now observes. Once it has all that is committed, the old
 * disk is taken out and then the new one in: two changes, each committed before the next, for one of both would let two
 * majorities miss each other. Without this, a second lost disk would cost the quorum for good.
 */
import { type ReplicaKey, UNKNOWN_DIRECTORY, type Voter, type VoterEndpoint } from './message.ts'

export interface RepairFacts {
  readonly voters: readonly Voter[]
  /** Nodes that follow without voting, and where their logs end. */
  readonly observers: readonly (ReplicaKey & { readonly logEndOffset: number })[]
  readonly highWatermark: number
  /** Nodes that shall vote when they are there, and where they are reached. */
  readonly wanted: ReadonlyMap<number, readonly VoterEndpoint[]>
}

/** The next set of voters; null when the set is as it should be. */
export function voterRepair({
  voters,
  observers,
  highWatermark,
  wanted,
}: RepairFacts): readonly Voter[] | null {
  for (const { id, directoryId, logEndOffset } of observers) {
    if (logEndOffset < highWatermark) continue
    const known = voters.find((voter) => voter.id === id)
    if (known === undefined) {
      const endpoints = wanted.get(id)
      if (endpoints !== undefined) return [...voters, { id, directoryId, endpoints }]
    } else if (
      known.directoryId !== directoryId &&
      known.directoryId !== UNKNOWN_DIRECTORY &&
      voters.length > 1
    ) {
      return voters.filter((voter) => voter !== known)
    }
  }
  return null
}
