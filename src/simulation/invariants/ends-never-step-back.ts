/**
 * Invariant 10: where a partition ends, as a client is told, never steps back, whoever leads; nothing beyond it is read, and
 * nothing before it is out of range; nor does it begin behind its end.
 *
 * A leader that was deposed while it was frozen tells what it knew, until it hears of it: so one client may hear less than
 * others know already. Once all is well it may not.
 */
import type { History } from '../history.ts'
import { committedAt, committedByPartition } from './committed.ts'

/** So long after the last fault nobody believes to lead who does not. */
const WELL_MS = 10_000

export function endsNeverStepBack(history: History): string[] {
  const { sends, reads, startReads, endReads, lostPositions, healedMs } = history
  const committed = committedByPartition(sends, reads)
  const told = new Map<string, { endOffset: number; endedMs: number }[]>()
  const behind = endReads.flatMap(({ topic, partition, endOffset, invokedMs, endedMs }) => {
    const key = `${topic}-${partition}`
    const earlier = told.get(key) ?? []
    told.set(key, earlier)
    const least = Math.max(
      invokedMs > healedMs + WELL_MS ? committedAt(committed.get(key) ?? [], invokedMs) : 0,
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
  // Where it begins is at most where it ends: what is not committed is not deleted either.
  const crossed = startReads.flatMap(({ topic, partition, startOffset, endedMs }) => {
    const end = endReads.find(
      (one) =>
        one.topic === topic &&
        one.partition === partition &&
        one.invokedMs >= endedMs &&
        one.endOffset < startOffset,
    )
    const place = `${topic}-${partition}`
    return end === undefined
      ? []
      : [
          `${place} began at ${startOffset} at ${endedMs} ms and ended at ${end.endOffset} at ${end.endedMs} ms`,
        ]
  })
  return [
    ...behind,
    ...crossed,
    ...beyond,
    ...lostPositions.map(({ reader, told: words }) => `${reader} was told: ${words}`),
  ]
}
