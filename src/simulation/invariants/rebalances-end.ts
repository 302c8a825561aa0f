/** Invariant 34: once the cluster is well, nobody waits for a share of his group longer than its time-outs allow. */
import type { History } from '../history.ts'

/** Room for the election of a coordinator after the last fault. */
const WELL_MS = 10_000
const JOIN_MS_MAX = 15_000

export function rebalancesEnd({ joins, healedMs }: History): string[] {
  return joins
    .filter(({ invokedMs, endedMs }) => endedMs - Math.max(invokedMs, healedMs + WELL_MS) > JOIN_MS_MAX)
    .map(
      ({ group, member, invokedMs, endedMs }) =>
        `${member} asked for a share of ${group} at ${invokedMs} ms and had it at ${endedMs} ms`,
    )
}
