/**
 * Whether a new set of voters may be appended (Ongaro 2014, §4.1 and the correction of 2015; KIP-853).
 *
 * One voter at a time, so that every majority of the old set meets every one of the new. Another disk under an old id is
 * a voter that goes and one that comes, so it takes two steps. It changes nothing.
 */
import type { VoterChangeRefusal } from '../effect.ts'
import { raftLimits } from '../limits.ts'
import { type ReplicaKey, UNKNOWN_DIRECTORY, type Voter } from '../message.ts'

export interface ChangeFacts {
  readonly voters: readonly Voter[]
  readonly proposed: readonly Voter[]
  /** The leader has committed an entry of its own epoch. */
  readonly hasCommitted: boolean
  /** The set that counts is not committed yet, or is being appended. */
  readonly isChanging: boolean
  /** Nodes that have everything that is committed, the leader itself included. */
  readonly caughtUp: readonly ReplicaKey[]
}

function areSameEndpoints(a: Voter, b: Voter): boolean {
  if (a.endpoints.length !== b.endpoints.length) return false
  return a.endpoints.every((one, index) => {
    const other = b.endpoints[index]
    return one.name === other?.name && one.host === other.host && one.port === other.port
  })
}

/** Whether two sets say the same of every voter. */
export function areSameVoters(a: readonly Voter[], b: readonly Voter[]): boolean {
  return a.length === b.length && a.every((voter) => b.some((other) => stepsOf(voter, other) === 0))
}

/** How many single changes make one entry the other. */
function stepsOf(before: Voter, after: Voter): number {
  if (before.id !== after.id) return 2
  if (before.directoryId === after.directoryId) return areSameEndpoints(before, after) ? 0 : 1
  return before.directoryId === UNKNOWN_DIRECTORY ? 1 : 2
}

/** Voters whose disk is a new one to the set. */
function newcomers(voters: readonly Voter[], proposed: readonly Voter[]): Voter[] {
  return proposed.filter(
    (after) => !voters.some(({ id, directoryId }) => id === after.id && directoryId === after.directoryId),
  )
}

/** Why the change is refused; null when it may be made. */
export function refuseVoterChange(facts: ChangeFacts): VoterChangeRefusal | null {
  const { voters, proposed, caughtUp } = facts
  if (!facts.hasCommitted) return 'not-leader'
  if (facts.isChanging) return 'change-in-progress'
  const ids = new Set(proposed.map(({ id }) => id))
  if (proposed.length === 0 || proposed.length > raftLimits.votersMax || ids.size < proposed.length) {
    return 'not-one-change'
  }
  const removed = voters.filter(({ id }) => !ids.has(id)).length
  const steps = proposed.reduce((sum, after) => {
    const before = voters.find(({ id }) => id === after.id)
    return sum + (before === undefined ? 1 : stepsOf(before, after))
  }, removed)
  if (steps > 1) return 'not-one-change'
  const isThere = (voter: Voter) =>
    caughtUp.some(({ id, directoryId }) => id === voter.id && directoryId === voter.directoryId)
  return newcomers(voters, proposed).every(isThere) ? null : 'not-caught-up'
}
