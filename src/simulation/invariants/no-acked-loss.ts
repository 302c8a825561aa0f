/** Invariant 1: what was acknowledged by all in sync is in the log (Jepsen's `lost-write`). */
import type { History } from '../history.ts'

export function noAckedLoss({ sends, finalLogs }: History): string[] {
  const kept = new Set(
    finalLogs.flatMap(({ topic, partition, records }) =>
      records.map(({ label }) => `${topic}-${partition} ${label}`),
    ),
  )
  return sends
    .filter(({ acks, outcome }) => acks === -1 && outcome === 'acknowledged')
    .flatMap(({ topic, partition, labels }) => labels.map((label) => `${topic}-${partition} ${label}`))
    .filter((place) => !kept.has(place))
    .map((place) => `${place} was acknowledged and is lost`)
}
