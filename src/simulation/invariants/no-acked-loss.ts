/** Invariant 1: what was acknowledged by all in sync is in the log (Jepsen's `lost-write`). */
import type { History } from '../history.ts'

export function noAckedLoss({ sends, finalLogs }: History): string[] {
  const logs = new Map(finalLogs.map((log) => [`${log.topic}-${log.partition}`, log]))
  const kept = new Set(
    finalLogs.flatMap(({ topic, partition, records }) =>
      records.map(({ label }) => `${topic}-${partition} ${label}`),
    ),
  )
  return sends
    .filter(({ acks, outcome }) => acks === -1 && outcome === 'acknowledged')
    .flatMap(({ topic, partition, labels, baseOffset }) => {
      const startOffset = logs.get(`${topic}-${partition}`)?.startOffset ?? 0
      // Of a duplicate only that it is there is known, and not where: it may have been deleted since.
      const isDeleted = (at: number): boolean =>
        startOffset > 0 && (baseOffset < 0 || baseOffset + at < startOffset)
      return labels.filter((_, at) => !isDeleted(at)).map((label) => `${topic}-${partition} ${label}`)
    })
    .filter((place) => !kept.has(place))
    .map((place) => `${place} was acknowledged and is lost`)
}
