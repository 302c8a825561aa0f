/** Invariant 13: replicas are equal to the byte; where old records are deleted, from where the shortest one begins. */
import type { FinalLog, History } from '../history.ts'
import { wholeBatches } from '../witness/replica-track.ts'

export function replicasEqual({ finalLogs, topics }: History): string[] {
  return finalLogs.flatMap((log) => {
    const { topic, partition } = log
    const isBrief = topics.get(topic)?.isBrief === true
    const [first, ...others] = [...(isBrief ? ends(log) : log.replicas)]
    if (first === undefined) return [`${topic}-${partition} has no replica`]
    return others
      .filter(([, bytes]) => !bytes.equals(first[1]))
      .map(([node]) => `${topic}-${partition} differs on nodes ${first[0]} and ${node}`)
  })
}

/** The bytes of each replica from the first batch on that all of them have. */
function ends({ replicas }: FinalLog): Map<number, Buffer> {
  const starts = [...replicas.values()].map(
    (bytes) => wholeBatches(bytes).next().value?.baseOffset ?? Number.POSITIVE_INFINITY,
  )
  const from = Math.max(...starts)
  return new Map([...replicas].map(([node, bytes]) => [node, bytesFrom(bytes, from)]))
}

function bytesFrom(bytes: Buffer, offset: number): Buffer {
  for (const { position, lastOffset } of wholeBatches(bytes))
    if (lastOffset >= offset) return bytes.subarray(position)
  return Buffer.alloc(0)
}
