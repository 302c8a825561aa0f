/**
 * Invariant 16: what acks=all acknowledged lies on the disks of `min.insync.replicas` nodes at least, from then on.
 *
 * A disk that was replaced while it held the partition, or is damaged, may have held it; so may a replica of which a part
 * rotted: what it had behind that it gives up, to fetch it again, whether or not the others are there.
 */
import type { History } from '../history.ts'
import { batchAt } from './batch-at.ts'
import { committedAt, committedByPartition } from './committed.ts'
import { isRuined } from './is-ruined.ts'

export function acknowledgedOnEnoughDisks(history: History): string[] {
  const { sends, sights, topics } = history
  const violations: string[] = []
  const committed = committedByPartition(sends, [])
  const lastSeen = new Map<string, { readonly directoryId: string; readonly held: boolean }>()
  /** Replicas whose disk was replaced. */
  const replaced = new Set<string>()
  for (const { atMs, replicas } of sights) {
    const lacking = new Map<string, number>()
    for (const { topic, partition, node, directoryId, batches, count, isWhole } of replicas) {
      if (directoryId === null) continue
      const key = `${topic}-${partition}`
      const replica = `${key} on node ${node}`
      const before = lastSeen.get(replica)
      if (before?.held === true && before.directoryId !== directoryId) replaced.add(replica)
      lastSeen.set(replica, { directoryId, held: count > 0 || !isWhole })
      const endOffset = committedAt(committed.get(key) ?? [], atMs)
      if (endOffset === 0 || !isWhole || replaced.has(replica)) continue
      if (batchAt(batches, endOffset - 1, count) !== undefined) continue
      if (isRuined(history, { topic, partition, node }, atMs)) continue
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
