/** Invariant 7: what was refused is nowhere, neither in the log nor in what anybody read. */
import type { History } from '../history.ts'

export function refusedIsNotThere({ sends, reads, finalLogs }: History): string[] {
  const shown = new Set([
    ...reads.map(({ topic, partition, label }) => `${topic}-${partition} ${label}`),
    ...finalLogs.flatMap(({ topic, partition, records }) =>
      records.map(({ label }) => `${topic}-${partition} ${label}`),
    ),
  ])
  return sends
    .filter(({ outcome }) => outcome === 'refused')
    .flatMap(({ topic, partition, labels, error }) =>
      labels
        .map((label) => `${topic}-${partition} ${label}`)
        .filter((place) => shown.has(place))
        .map((place) => `${place} was refused (${error?.code}) and is there`),
    )
}
