/**
 * Invariant 12: nothing that was cut off is told of or shown again, as long as no broker comes back from another life and
 * none is fenced.
 *
 * Where a log begins is written down now and then only, as Kafka does (log.flush.start.offset.checkpoint.interval.ms), so
 * a crash may bring back what was cut off since. A cut waits for nobody who is fenced, and one who leads and has not heard
 * of it yet tells what it knows.
 */
import type { MetadataImage } from '../../coordination/metadata/image.ts'
import type { History } from '../history.ts'

/** What was on its way to a reader as it was deleted arrives within this. */
const UNDER_WAY_MS = 5_000
/** So much later than it happens a new life is seen in the metadata at most. */
const UNSEEN_MS = 100

export function deletedStaysDeleted(history: History): string[] {
  const lives = newLives(history)
  return history.cuts.flatMap(({ topic, partition, offset, confirmedMs }) => {
    const endMs = (lives.find((seenMs) => seenMs > confirmedMs) ?? Number.POSITIVE_INFINITY) - UNSEEN_MS
    const isSame = (one: { topic: string; partition: number }): boolean =>
      one.topic === topic && one.partition === partition
    const told = history.startReads.find(
      (one) =>
        isSame(one) &&
        one.startOffset < offset &&
        one.invokedMs > confirmedMs &&
        one.endedMs < endMs &&
        !someFenced(history, confirmedMs, one.endedMs),
    )
    const shown = history.reads.find(
      (one) =>
        isSame(one) &&
        one.offset < offset &&
        one.atMs > confirmedMs + UNDER_WAY_MS &&
        one.atMs < endMs &&
        !someFenced(history, confirmedMs, one.atMs),
    )
    const log = endMs === Number.POSITIVE_INFINITY ? history.finalLogs.find(isSame) : undefined
    const place = `${topic}-${partition}, of which all below ${offset} was deleted,`
    return [
      ...(told === undefined ? [] : [`${place} began at ${told.startOffset} at ${told.endedMs} ms`]),
      ...(shown === undefined ? [] : [`${place} was read at ${shown.offset} at ${shown.atMs} ms`]),
      ...(log === undefined || log.startOffset >= offset
        ? []
        : [`${place} begins at ${log.startOffset} at the end`]),
    ]
  })
}

/** Whether a broker was fenced at any moment between the two. */
function someFenced({ metadataStates }: History, fromMs: number, toMs: number): boolean {
  const at = metadataStates.findLastIndex(({ seenMs }) => seenMs <= fromMs)
  return metadataStates.slice(Math.max(0, at)).some(({ image, seenMs }) => seenMs <= toMs && hasFenced(image))
}

function hasFenced({ brokers }: MetadataImage): boolean {
  return [...brokers.values()].some(({ fenced }) => fenced)
}

/** When a broker was first seen with another epoch than before. */
function newLives({ metadataStates }: History): readonly number[] {
  const epochs = new Map<number, bigint>()
  return metadataStates.flatMap(({ image, seenMs }) => {
    const fresh = [...image.brokers.values()].filter(({ id, epoch }) => epochs.get(id) !== epoch)
    for (const { id, epoch } of fresh) epochs.set(id, epoch)
    return fresh.length === 0 ? [] : [seenMs]
  })
}
