/**
 * Invariant 10: where a partition ends, as clients are told, never steps back, whoever leads; it is past everything that
 * was acknowledged or read before they asked, nothing beyond it is read, and nothing before it is out of range.
 */
import type { History } from '../history.ts'
import { committedAt, committedByPartition } from './committed.ts'

export function endsNeverStepBack({ sends, reads, endReads, lostPositions }: History): string[] {
  const committed = committedByPartition(sends, reads)
  const told = new Map<string, { endOffset: number; endedMs: number }[]>()
  const behind = endReads.flatMap(({ topic, partition, endOffset, invokedMs, endedMs }) => {
    const key = `${topic}-${partition}`
    const earlier = told.get(key) ?? []
    told.set(key, earlier)
    const least = Math.max(
      committedAt(committed.get(key) ?? [], invokedMs),
      ...earlier.filter((one) => one.endedMs <= invokedMs).map((one) => one.endOffset),
    )
    earlier.push({ endOffset, endedMs })
    return endOffset < least
      ? [`${key} ended at ${endOffset} at ${endedMs} ms, after it had reached ${least}`]
      : []
  })
  const beyond = reads
    .filter(({ offset, highWatermark }) => offset >= highWatermark)
    .map(
      ({ topic, partition, offset, highWatermark }) =>
        `${topic}-${partition}@${offset} was read beyond the high watermark ${highWatermark}`,
    )
  return [
    ...behind,
    ...beyond,
    ...lostPositions.map(({ reader, told: words }) => `${reader} was told: ${words}`),
  ]
}
