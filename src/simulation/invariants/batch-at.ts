/** The batch that holds an offset, of batches in the order of a log. */
import type { SeenBatch } from '../history.ts'

/** Looks among the first `count`; undefined where a log does not reach, or has a gap. */
export function batchAt(
  batches: readonly SeenBatch[],
  offset: number,
  count = batches.length,
): SeenBatch | undefined {
  let [least, most] = [0, count]
  while (least < most) {
    const middle = (least + most) >> 1
    if ((batches[middle]?.lastOffset ?? Number.POSITIVE_INFINITY) < offset) least = middle + 1
    else most = middle
  }
  const found = least < count ? batches[least] : undefined
  return found !== undefined && found.baseOffset <= offset ? found : undefined
}
