/** Invariant 6: no record stands twice; our producers without idempotence do not retry. */
import type { History } from '../history.ts'

export function noDuplicate({ finalLogs }: History): string[] {
  return finalLogs.flatMap(({ topic, partition, records }) => {
    const offsetOf = new Map<string, number>()
    const violations: string[] = []
    for (const { label, offset } of records) {
      const before = offsetOf.get(label)
      if (before !== undefined)
        violations.push(`${topic}-${partition} has ${label} at ${before} and ${offset}`)
      offsetOf.set(label, offset)
    }
    return violations
  })
}
