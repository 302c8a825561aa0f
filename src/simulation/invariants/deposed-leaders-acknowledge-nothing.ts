/**
 * Invariant 19: once a leader of a later epoch has acknowledged a send, none of an earlier epoch acknowledges one that is
 * sent from then on.
 */
import type { History } from '../history.ts'
import { batchAt } from './batch-at.ts'

interface Acknowledged {
  readonly place: string
  readonly epoch: number
  readonly invokedMs: number
  readonly endedMs: number
}

export function deposedLeadersAcknowledgeNothing({ sends, finalLogs }: History): string[] {
  return finalLogs.flatMap(({ topic, partition, batches }) => {
    const acknowledged: Acknowledged[] = sends
      .filter((sent) => sent.topic === topic && sent.partition === partition)
      .filter(({ acks, outcome, baseOffset }) => acks === -1 && outcome === 'acknowledged' && baseOffset >= 0)
      .flatMap(({ baseOffset, invokedMs, endedMs }) => {
        const epoch = batchAt(batches, baseOffset)?.leaderEpoch
        return epoch === undefined
          ? []
          : [{ place: `${topic}-${partition}@${baseOffset}`, epoch, invokedMs, endedMs }]
      })
    const ended = [...acknowledged].sort((one, other) => one.endedMs - other.endedMs)
    let next = 0
    let latest: Acknowledged | undefined
    return [...acknowledged]
      .sort((one, other) => one.invokedMs - other.invokedMs)
      .flatMap(({ place, epoch, invokedMs }) => {
        for (let one = ended[next]; one !== undefined && one.endedMs < invokedMs; one = ended[++next])
          if (latest === undefined || one.epoch > latest.epoch) latest = one
        if (latest === undefined || epoch >= latest.epoch) return []
        return [`${place} was acknowledged in epoch ${epoch} after ${latest.place} in epoch ${latest.epoch}`]
      })
  })
}
