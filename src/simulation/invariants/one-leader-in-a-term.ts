/** Invariant 20: the quorum has one leader in one epoch. */
import type { History } from '../history.ts'

export function oneLeaderInATerm({ leaders }: History): string[] {
  const known = new Map<number, number>()
  return leaders.flatMap(({ epoch, leader }) => {
    const before = known.get(epoch)
    known.set(epoch, leader)
    return before === undefined || before === leader ? [] : [`${before} and ${leader} lead in epoch ${epoch}`]
  })
}
