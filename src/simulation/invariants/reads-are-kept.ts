/** Invariant 9, as clients see it: what was read is committed, so it is in the log for ever (no read above the high watermark). */
import type { History } from '../history.ts'

export function readsAreKept({ reads, finalLogs }: History): string[] {
  const kept = new Set(
    finalLogs.flatMap(({ topic, partition, records }) =>
      records.map(({ offset }) => `${topic}-${partition}@${offset}`),
    ),
  )
  const logs = new Map(finalLogs.map((log) => [`${log.topic}-${log.partition}`, log]))
  const isDeleted = (key: string, offset: number): boolean => offset < (logs.get(key)?.startOffset ?? 0)
  const lasting = reads.filter(({ topic, partition, offset }) => !isDeleted(`${topic}-${partition}`, offset))
  const places = new Set(lasting.map(({ topic, partition, offset }) => `${topic}-${partition}@${offset}`))
  return [...places].filter((place) => !kept.has(place)).map((place) => `${place} was read and is gone`)
}
