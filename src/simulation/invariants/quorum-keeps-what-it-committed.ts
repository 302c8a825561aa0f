/**
 * Invariant 20: what a leader of the quorum once called committed stays: it takes nothing back, its own log below is a
 * part of the log at the end, and all logs at the end are the same.
 */
import type { History, SeenBatch } from '../history.ts'
import { longestLog } from './longest-log.ts'

const METADATA_TOPIC = '__cluster_metadata'

export function quorumKeepsWhatItCommitted(history: History): string[] {
  return [...stepsBack(history), ...differing(history), ...taken(history)]
}

function stepsBack({ leaders }: History): string[] {
  const told = new Map<string, number>()
  return leaders.flatMap(({ epoch, leader, follower, highWatermark }) => {
    const key = `leader ${leader} of epoch ${epoch} to node ${follower}`
    const before = told.get(key) ?? 0
    told.set(key, highWatermark)
    return highWatermark < before ? [`${key}: committed is ${before}, then ${highWatermark}`] : []
  })
}

const keyOf = ({ baseOffset, leaderEpoch, checksum }: SeenBatch): string =>
  `${baseOffset}@${leaderEpoch} ${checksum}`

function differing({ metadataLogs }: History): string[] {
  const [first, ...others] = [...metadataLogs]
  if (first === undefined) return []
  return others.flatMap(([node, batches]) => {
    const length = Math.min(batches.length, first[1].length)
    const parted = batches.slice(0, length).find((batch, index) => {
      const there = first[1][index]
      return there === undefined || keyOf(there) !== keyOf(batch)
    })
    return parted === undefined
      ? []
      : [`the metadata logs of nodes ${first[0]} and ${node} part at offset ${parted.baseOffset}`]
  })
}

/** What lay in a leader's own log, below what it had called committed, and is not there at the end. */
function taken(history: History): string[] {
  const { sights, leaders } = history
  const kept = new Set(longestLog(history).map(keyOf))
  const committed = new Map<number, number>()
  const violations = new Set<string>()
  /** How many of a log's batches were asked already: what is committed only grows. */
  const asked = new Map<readonly SeenBatch[], number>()
  let next = 0
  for (const { atMs, replicas } of sights) {
    for (let told = leaders[next]; told !== undefined && told.atMs <= atMs; told = leaders[++next])
      committed.set(told.leader, Math.max(committed.get(told.leader) ?? 0, told.highWatermark))
    for (const { topic, node, batches, count } of replicas) {
      if (topic !== METADATA_TOPIC) continue
      const limit = committed.get(node) ?? 0
      let at = asked.get(batches) ?? 0
      for (let batch = batches[at]; batch !== undefined && at < count; batch = batches[++at]) {
        if (batch.lastOffset >= limit) break
        if (!kept.has(keyOf(batch)))
          violations.add(`node ${node} had metadata offset ${batch.baseOffset} committed, and it is gone`)
      }
      asked.set(batches, at)
    }
  }
  return [...violations]
}
