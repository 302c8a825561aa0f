/**
 * Invariant 12: whatever compaction takes away, every replica keeps the last record of each key that was acknowledged, or
 * a later one, nothing older comes up where that deletes the key, and no offset is used again.
 */
import type { History, KeyedLog, KeyedSend } from '../history.ts'

interface Acknowledged {
  readonly offset: number
  readonly label: string | null
}

export function compactionKeepsTheLast({ keyedSends, keyedLogs }: History): string[] {
  return keyedLogs.flatMap((log) => {
    const sends = keyedSends.filter(
      ({ topic, partition }) => topic === log.topic && partition === log.partition,
    )
    const place = `${log.topic}-${log.partition} on node ${log.node}`
    return [...lost(log, sends), ...strange(log, sends)].map((told) => `${place}: ${told}`)
  })
}

function lost({ records }: KeyedLog, sends: readonly KeyedSend[]): string[] {
  const lastKept = new Map(records.map(({ key, offset }) => [key, offset]))
  return [...lastAcknowledged(sends)].flatMap(([key, { offset, label }]) => {
    const kept = lastKept.get(key)
    if (kept === undefined) return label === null ? [] : [`${key} is gone, which was ${label}@${offset}`]
    return kept < offset ? [`${key} is what it was at ${kept}, though ${label}@${offset} followed`] : []
  })
}

function lastAcknowledged(sends: readonly KeyedSend[]): Map<string, Acknowledged> {
  const last = new Map<string, Acknowledged>()
  for (const { baseOffset, records } of sends) {
    if (baseOffset < 0) continue
    for (const [at, { key, label }] of records.entries()) {
      const offset = baseOffset + at
      if (offset > (last.get(key)?.offset ?? -1)) last.set(key, { offset, label })
    }
  }
  return last
}

function strange({ records }: KeyedLog, sends: readonly KeyedSend[]): string[] {
  const sent = new Set(sends.flatMap((send) => send.records.map(({ key, label }) => `${key} ${label}`)))
  const named = new Map<number, string>()
  for (const { baseOffset, records: keys } of sends)
    if (baseOffset >= 0)
      for (const [at, { key, label }] of keys.entries()) named.set(baseOffset + at, `${key} ${label}`)
  let before = -1
  return records.flatMap(({ offset, key, label }) => {
    const record = `${key} ${label}`
    const previous = before
    before = offset
    if (offset <= previous) return [`${record} stands at ${offset}, behind ${previous}`]
    if (!sent.has(record)) return [`${record} at ${offset} was never sent`]
    const acknowledged = named.get(offset) ?? record
    return acknowledged === record ? [] : [`${offset} is ${record}, and was acknowledged as ${acknowledged}`]
  })
}
