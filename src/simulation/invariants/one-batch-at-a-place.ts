/**
 * Invariants 15 and 20: leader epoch and offset name one batch, wherever and whenever it lies on a disk: nobody else
 * leads a partition, or the quorum, in the same epoch (log matching).
 */
import type { History } from '../history.ts'

export function oneBatchAtAPlace({ writtenBatches }: History): string[] {
  const violations: string[] = []
  const known = new Map<string, { readonly checksum: number; readonly node: number }>()
  for (const { topic, partition, node, baseOffset, leaderEpoch, checksum } of writtenBatches) {
    const place = `${topic}-${partition}@${baseOffset} of epoch ${leaderEpoch}`
    const before = known.get(place)
    if (before === undefined) known.set(place, { checksum, node })
    else if (before.checksum !== checksum)
      violations.push(`${place} is one batch on node ${before.node} and another on node ${node}`)
  }
  return violations
}
