/** Invariant 2: whatever is read or kept was sent, to that very partition. */
import type { History } from '../history.ts'

export function noPhantom({ sends, reads, finalLogs }: History): string[] {
  const sent = new Set(
    sends.flatMap(({ topic, partition, labels }) => labels.map((label) => `${topic}-${partition} ${label}`)),
  )
  const shown = [
    ...reads.map(({ topic, partition, label }) => `${topic}-${partition} ${label}`),
    ...finalLogs.flatMap(({ topic, partition, records }) =>
      records.map(({ label }) => `${topic}-${partition} ${label}`),
    ),
  ]
  return [...new Set(shown)].filter((place) => !sent.has(place)).map((place) => `${place} was never sent`)
}
