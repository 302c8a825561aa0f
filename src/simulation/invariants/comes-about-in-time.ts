/** Liveness: once the last fault is over there are leaders, then all replicas in sync, every send is resolved, no reader lags. */
import type { History } from '../history.ts'

export function comesAboutInTime({ milestones }: History): string[] {
  return milestones
    .filter(({ tookMs, limitMs }) => tookMs > limitMs)
    .map(({ what, tookMs, limitMs }) =>
      tookMs === Number.POSITIVE_INFINITY
        ? `${what}: not within ${limitMs} ms`
        : `${what}: after ${tookMs} ms, not within ${limitMs} ms`,
    )
}
