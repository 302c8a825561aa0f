/** Invariant 13: replicas are equal to the byte. */
import type { History } from '../history.ts'

export function replicasEqual({ finalLogs }: History): string[] {
  return finalLogs.flatMap(({ topic, partition, replicas }) => {
    const [first, ...others] = [...replicas]
    if (first === undefined) return [`${topic}-${partition} has no replica`]
    return others
      .filter(([, bytes]) => !bytes.equals(first[1]))
      .map(([node]) => `${topic}-${partition} differs on nodes ${first[0]} and ${node}`)
  })
}
