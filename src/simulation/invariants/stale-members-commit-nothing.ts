/** Invariant 32: what a member commits after a later generation has begun is refused. */
import type { History } from '../history.ts'

export function staleMembersCommitNothing({ commits, joins }: History): string[] {
  return commits.flatMap(({ group, offset, generation, invokedMs, acknowledgedMs }) => {
    if (generation === undefined || acknowledgedMs === Number.POSITIVE_INFINITY) return []
    const later = joins.find(
      (join) =>
        group.startsWith(`${join.group} `) && join.generation > generation && join.endedMs < invokedMs,
    )
    return later === undefined
      ? []
      : [`${group} took ${offset} of generation ${generation} after generation ${later.generation} had begun`]
  })
}
