/**
 * Invariant 16: what acks=all acknowledged lies on the disks of `min.insync.replicas` nodes at least, from then on.
 *
 * A disk that was replaced, or is damaged, may have held it.
 */
import type { History } from '../history.ts'
import { batchAt } from './batch-at.ts'
import { committedAt, committedByPartition } from './committed.ts'

export function acknowledgedOnEnoughDisks({ sends, sights, topics }: History): string[] {
  const violations: string[] = []
  const committed = committedByPartition(sends, [])
  const firstDisk = new Map<number, string>()
  for (const { atMs, replicas } of sights) {
    const lacking = new Map<string, number>()
    for (const { topic, partition, node, directoryId, batches, count, isWhole } of replicas) {
      if (directoryId === null || !isWhole) continue
      if (!firstDisk.has(node)) firstDisk.set(node, directoryId)
      const key = `${topic}-${partition}`
      const endOffset = committedAt(committed.get(key) ?? [], atMs)
      if (endOffset === 0 || firstDisk.get(node) !== directoryId) continue
      if (batchAt(batches, endOffset - 1, count) !== undefined) continue
      const lack = (lacking.get(key) ?? 0) + 1
      lacking.set(key, lack)
      const disksMin = topics.get(topic)?.disksMin ?? 0
      if (disksMin > 0 && nodes(replicas, key) - lack === disksMin - 1)
        violations.push(`${key} had offset ${endOffset - 1}, acknowledged, on too few disks at ${atMs} ms`)
    }
  }
  return violations
}

/** On how many nodes it may lie. */
function nodes(replicas: readonly { topic: string; partition: number }[], key: string): number {
  return replicas.filter(({ topic, partition }) => `${topic}-${partition}` === key).length
}
