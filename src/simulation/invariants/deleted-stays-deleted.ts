/**
 * Invariant 12: nothing that was cut off is told of or shown again, as long as no broker comes back from another life, and
 * the leader that cut waited for all brokers.
 *
 * Where a log begins is written down now and then only, as Kafka does (log.flush.start.offset.checkpoint.interval.ms), so
 * a crash may bring back what was cut off since. A cut waits for nobody who is fenced as far as its leader knows (KIP-107),
 * whatever others have heard since; and one of those, which leads and has not heard of another leader, tells what it knows.
 */
import type { History, RecordCut } from '../history.ts'

/** What was on its way to a reader as it was deleted arrives within this. */
const UNDER_WAY_MS = 5_000
/** So much later than it happens a new life is seen in the metadata at most. */
const UNSEEN_MS = 100

export function deletedStaysDeleted(history: History): string[] {
  const lives = newLives(history)
  return history.cuts.flatMap((cut) => {
    const { topic, partition, offset, confirmedMs } = cut
    const endMs = (lives.find((seenMs) => seenMs > confirmedMs) ?? Number.POSITIVE_INFINITY) - UNSEEN_MS
    const bindsAll = waitedForAll(history, cut)
    const isSame = (one: { topic: string; partition: number }): boolean =>
      one.topic === topic && one.partition === partition
    const told = history.startReads.find(
      (one) =>
        bindsAll &&
        isSame(one) &&
        one.startOffset < offset &&
        one.invokedMs > confirmedMs &&
        one.endedMs < endMs,
    )
    const shown = history.reads.find(
      (one) =>
        bindsAll &&
        isSame(one) &&
        one.offset < offset &&
        one.atMs > confirmedMs + UNDER_WAY_MS &&
        one.atMs < endMs,
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

/** Whether its leader took every broker for active all the while, each in the life in which it was as the cut was confirmed. */
function waitedForAll({ brokersKnown, metadataStates }: History, cut: RecordCut): boolean {
  const { leader, invokedMs, confirmedMs } = cut
  const known = brokersKnown.filter(({ node, atMs }) => node === leader && atMs <= confirmedMs)
  const first = known.findLastIndex(({ atMs }) => atMs <= invokedMs)
  const seen = metadataStates.findLast(({ seenMs }) => seenMs <= confirmedMs)
  const living = [...(seen?.image.brokers.values() ?? [])]
  return known.slice(Math.max(0, first)).every(({ brokers }) =>
    living.every(({ id, epoch }) => {
      const broker = brokers.get(id)
      return broker !== undefined && broker.epoch === epoch && !broker.fenced
    }),
  )
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
