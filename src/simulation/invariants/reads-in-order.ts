/** Invariant 8: a reader is shown every offset once, without a step back or a gap. */
import type { History } from '../history.ts'

export function readsInOrder({ reads }: History): string[] {
  const violations: string[] = []
  const next = new Map<string, number>()
  for (const { reader, topic, partition, offset } of reads) {
    const key = `${reader} of ${topic}-${partition}`
    const expected = next.get(key)
    if (expected !== undefined && offset !== expected)
      violations.push(`${key} was shown offset ${offset} where ${expected} was next`)
    next.set(key, offset + 1)
  }
  return violations
}
