/** Invariant 8: a reader is shown every offset once, without a step back, and without a gap where nothing is deleted. */
import type { History } from '../history.ts'

export function readsInOrder({ reads, topics }: History): string[] {
  const violations: string[] = []
  const next = new Map<string, number>()
  for (const { reader, topic, partition, offset } of reads) {
    const key = `${reader} of ${topic}-${partition}`
    const expected = next.get(key)
    const isSkipped = expected !== undefined && offset > expected && topics.get(topic)?.isBrief === true
    if (expected !== undefined && offset !== expected && !isSkipped)
      violations.push(`${key} was shown offset ${offset} where ${expected} was next`)
    next.set(key, offset + 1)
  }
  return violations
}
