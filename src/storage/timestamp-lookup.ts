/**
 * Finds offsets by time (ListOffsets, KIP-33, KIP-734): the time index leads near, the batches tell exactly. No entry of the
 * index is followed that its batch does not bear out.
 */
import { batchSizeBytes, leaderEpoch, maxTimestamp } from '../protocol/records/batch.ts'
import { limits } from '../runtime/limits.ts'
import { payloadOf, type StoredRecord, visitRecords } from './batch-records.ts'
import type { Log } from './log.ts'
import type { LogState } from './log-state.ts'
import type { TimestampedOffset } from './read-outcome.ts'
import type { Segment } from './segment.ts'
import { isBorneOut, provenMaxTimestampMs, rebuildIndexes } from './segment-indexes.ts'
import type { TimestampOffset } from './time-index.ts'

type Found = (found: TimestampedOffset | null, error: string | null) => void

/** Reads on from `fromOffset` until a record satisfies `isWanted`. */
function search(
  log: Log,
  fromOffset: number,
  minTimestampMs: number,
  isWanted: (record: StoredRecord) => boolean,
  done: Found,
): void {
  const options = {
    sizeBytesMax: limits.readChunkBytes,
    upperBoundOffset: Number.POSITIVE_INFINITY,
    atLeastOneBatch: true,
    skipsEmptyBatches: false,
  }
  log.read(fromOffset, options, (outcome) => {
    if (!outcome.ok) {
      done(null, outcome.message)
      return
    }
    const found = firstIn(outcome.buffers, minTimestampMs, isWanted)
    outcome.release()
    if (typeof found === 'string') done(null, found)
    else if (found !== null || outcome.sizeBytes === 0) done(found, null)
    else search(log, outcome.nextOffset, minTimestampMs, isWanted, done)
  })
}

/** The first wanted record in whole batches; a text tells what is wrong with one. */
function firstIn(
  buffers: readonly Buffer[],
  minTimestampMs: number,
  isWanted: (record: StoredRecord) => boolean,
): TimestampedOffset | string | null {
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.length; at += batchSizeBytes(buffer, at)) {
      if (maxTimestamp(buffer, at) < minTimestampMs) continue
      const payload = payloadOf(buffer, at)
      if (!payload.ok) return `the records of a batch cannot be unpacked: ${payload.error}`
      let found: TimestampedOffset | null = null
      const fault = visitRecords(buffer, at, payload.bytes, (stored) => {
        if (!isWanted(stored)) return true
        found = {
          offset: stored.offset,
          timestampMs: stored.timestampMs,
          leaderEpoch: leaderEpoch(buffer, at),
        }
        return false
      })
      if (fault !== null) return fault
      if (found !== null) return found
    }
  }
  return null
}

/** Before it nothing is as young as that; null where only the whole segment tells. */
function placeNear(state: LogState, segment: Segment, timestampMs: number): TimestampOffset | null {
  const near = segment.timeIndex.lastBefore(timestampMs)
  if (near === null || near.offset >= state.writtenOffset || isBorneOut(state, segment, near)) return near
  if (segment === state.segments.active) return null
  rebuildIndexes(state, segment)
  return segment.timeIndex.lastBefore(timestampMs)
}

/** The first record at or past `timestampMs`, by offset. */
export function findTimestamp(log: Log, timestampMs: number, done: Found): void {
  const { segments, logStartOffset } = log.state
  const segment = segments.all.find(
    (candidate) => candidate.writtenBytes > 0 && provenMaxTimestampMs(log.state, candidate) >= timestampMs,
  )
  if (segment === undefined) {
    done(null, null)
    return
  }
  const near = placeNear(log.state, segment, timestampMs)
  const fromOffset = Math.max(logStartOffset, near?.offset ?? segment.baseOffset)
  const isWanted = (record: StoredRecord): boolean =>
    record.timestampMs >= timestampMs && record.offset >= logStartOffset
  search(log, fromOffset, timestampMs, isWanted, done)
}

/** The first record that has the log's largest timestamp. */
export function findMaxTimestamp(log: Log, done: Found): void {
  let largest = -1
  let nearOffset = -1
  for (const segment of log.state.segments.all) {
    if (segment.writtenBytes === 0 || provenMaxTimestampMs(log.state, segment) <= largest) continue
    largest = segment.maxTimestampMs
    nearOffset = segment.offsetOfMaxTimestamp
  }
  if (nearOffset < log.logStartOffset) {
    done(null, null)
    return
  }
  search(log, nearOffset, largest, (record) => record.timestampMs === largest, done)
}
