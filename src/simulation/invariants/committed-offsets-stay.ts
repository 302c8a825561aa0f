/** Invariant 31: a group is never told less than what was acknowledged before it asked, nor what nobody committed. */
import type { History } from '../history.ts'

export function committedOffsetsStay({ commits, offsetReads }: History): string[] {
  return offsetReads.flatMap(({ group, offset, invokedMs }) => {
    const ofGroup = commits.filter((commit) => commit.group === group)
    const least = Math.max(
      -1,
      ...ofGroup.filter(({ acknowledgedMs }) => acknowledgedMs <= invokedMs).map((commit) => commit.offset),
    )
    if (offset < least) return [`${group} was told ${offset} after ${least} had been acknowledged`]
    if (offset >= 0 && !ofGroup.some((commit) => commit.offset === offset))
      return [`${group} was told ${offset}, which it never committed`]
    return []
  })
}
