/** Invariant 5: what one producer sent to one partition stands in the order of sending. */
import type { History } from '../history.ts'

export function producerOrder({ sends, finalLogs }: History): string[] {
  const orderOf = new Map<string, { writer: string; at: number }>()
  for (const { writer, labels } of sends)
    for (const label of labels) orderOf.set(label, { writer, at: orderOf.size })
  return finalLogs.flatMap(({ topic, partition, records }) => {
    const lastOf = new Map<string, { at: number; label: string }>()
    const violations: string[] = []
    for (const { label } of records) {
      const order = orderOf.get(label)
      if (order === undefined) continue
      const before = lastOf.get(order.writer)
      if (before !== undefined && order.at < before.at)
        violations.push(`${topic}-${partition} has ${label} behind ${before.label}`)
      else lastOf.set(order.writer, { at: order.at, label })
    }
    return violations
  })
}
