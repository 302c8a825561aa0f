/** Invariants 3 and 4: an offset names one record, for every reader, at every time, and for who was told it at the send. */
import type { History } from '../history.ts'

export function offsetsNameOneRecord({ sends, reads, finalLogs }: History): string[] {
  const violations: string[] = []
  const named = new Map<string, { label: string; by: string }>()
  const tell = (place: string, label: string, by: string): void => {
    const known = named.get(place)
    if (known === undefined) named.set(place, { label, by })
    else if (known.label !== label)
      violations.push(`${place} is ${known.label} for ${known.by} and ${label} for ${by}`)
  }
  for (const { topic, partition, records } of finalLogs)
    for (const { offset, label } of records) tell(`${topic}-${partition}@${offset}`, label, 'the log')
  for (const { reader, topic, partition, offset, label } of reads)
    tell(`${topic}-${partition}@${offset}`, label, reader)
  for (const { writer, topic, partition, acks, outcome, baseOffset, labels } of sends) {
    if (acks !== -1 || outcome !== 'acknowledged' || baseOffset < 0) continue
    for (const [index, label] of labels.entries())
      tell(`${topic}-${partition}@${baseOffset + index}`, label, writer)
  }
  return violations
}
