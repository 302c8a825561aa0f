/** Invariant 20: a vote is given only by a voter that was asked for it, disk included: with another disk it is another one (KIP-853). */
import type { History } from '../history.ts'

export function onlyWhoIsAskedVotes({ votes, votesAsked }: History): string[] {
  const asked = new Set(votesAsked.map(({ epoch, voter, candidate }) => `${epoch} ${candidate} ${voter}`))
  return votes
    .filter(({ epoch, voter, anyDisk, candidate }) =>
      [voter, anyDisk].every((name) => !asked.has(`${epoch} ${candidate} ${name}`)),
    )
    .map(
      ({ epoch, voter, candidate }) => `${voter} voted for ${candidate} in epoch ${epoch} and was not asked`,
    )
}
