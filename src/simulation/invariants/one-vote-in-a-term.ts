/** Invariant 20: a node gives one vote away in one epoch of the quorum, however often it restarts. */
import type { History } from '../history.ts'

export function oneVoteInATerm({ votes }: History): string[] {
  const given = new Map<string, number>()
  return votes.flatMap(({ epoch, voter, candidate }) => {
    const key = `node ${voter} in epoch ${epoch}`
    const before = given.get(key)
    given.set(key, candidate)
    return before === undefined || before === candidate ? [] : [`${key} voted for ${before} and ${candidate}`]
  })
}
