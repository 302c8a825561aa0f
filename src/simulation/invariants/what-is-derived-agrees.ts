/**
 * Invariants 6 and 33, as disks show them: what a broker keeps beside a log is what the log says. Leader epochs are those of
 * the batches, and of each producer the last batches are remembered, and nothing that is not in the log.
 */
import type { History, StoppedReplica } from '../history.ts'

export function whatIsDerivedAgrees({ stoppedReplicas }: History): string[] {
  return stoppedReplicas.flatMap((replica) =>
    [...otherEpochs(replica), ...strangers(replica), ...forgotten(replica)].map(
      (told) => `${replica.topic}-${replica.partition} on node ${replica.node} ${told}`,
    ),
  )
}

function otherEpochs({ startOffset, batches, epochs }: StoppedReplica): string[] {
  const wrong = batches.find(({ baseOffset, lastOffset, leaderEpoch }) => {
    if (lastOffset < startOffset) return false
    const known = epochs.findLast((one) => one.startOffset <= Math.max(baseOffset, startOffset))
    return known?.epoch !== leaderEpoch
  })
  if (wrong === undefined) return []
  const known = epochs.map((one) => `${one.epoch} from ${one.startOffset} on`).join(', ')
  return [`has offset ${wrong.baseOffset} of epoch ${wrong.leaderEpoch}, and knows of ${known || 'none'}`]
}

/** Remembered, and not in the log, as far as that goes back and nothing was taken out of it. */
function strangers({ batches, produced, remembered, isCompacted }: StoppedReplica): string[] {
  if (isCompacted) return []
  const startOffset = batches[0]?.baseOffset ?? Number.POSITIVE_INFINITY
  const inLog = new Set(produced.map(keyOf))
  return remembered
    .filter((batch) => batch.lastOffset >= startOffset && !inLog.has(keyOf(batch)))
    .map(
      ({ producerId, lastSequence, lastOffset }) =>
        `remembers ${lastSequence} of producer ${producerId} at offset ${lastOffset}, which is not there`,
    )
}

/** In the log the last of its producer, and not remembered. */
function forgotten({ produced, remembered }: StoppedReplica): string[] {
  const known = new Set(remembered.map(keyOf))
  const last = new Map(produced.map((batch) => [batch.producerId, batch]))
  return [...last.values()]
    .filter((batch) => !known.has(keyOf(batch)))
    .map(
      ({ producerId, lastSequence, lastOffset }) =>
        `does not remember ${lastSequence} of producer ${producerId} at offset ${lastOffset}`,
    )
}

function keyOf({ producerId, lastSequence, lastOffset }: StoppedReplica['produced'][number]): string {
  return `${producerId} ${lastSequence}@${lastOffset}`
}
