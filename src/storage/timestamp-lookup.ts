/**
 * Finds offsets by time (ListOffsets, KIP-33, KIP-734): the time index leads near, the batches tell exactly. No entry of the
 * index is followed that its batch does not bear out.
 */
import { batchSizeBytes, leaderEpoch, maxTimestamp } from '../protocol/records/batch.ts'
import { DiskError } from '../runtime/disk.ts'
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

/** Where to begin, or null where nothing is found; what the disk says when it fails. */
function beginning<T>(find: () => T | null): { readonly place: T | null } | { readonly failure: string } {
  try {
    return { place: find() }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return { failure: error.message }
  }
}

/** The first record at or past `timestampMs`, by offset. */
export function findTimestamp(log: Log, timestampMs: number, done: Found): void {
  const { state, logStartOffset } = log
  const begun = beginning(() => {
    const segment = state.segments.all.find(
      (candidate) => candidate.writtenBytes > 0 && provenMaxTimestampMs(state, candidate) >= timestampMs,
    )
    if (segment === undefined) return null
    const near = placeNear(state, segment, timestampMs)
    return Math.max(logStartOffset, near?.offset ?? segment.baseOffset)
  })
  const isWanted = (record: StoredRecord): boolean =>
    record.timestampMs >= timestampMs && record.offset >= logStartOffset
  if ('failure' in begun) done(null, begun.failure)
  else if (begun.place === null) done(null, null)
  else search(log, begun.place, timestampMs, isWanted, done)
}

/** The first record that has the log's largest timestamp. */
export function findMaxTimestamp(log: Log, done: Found): void {
  const begun = beginning(() => {
    let largest: TimestampOffset | null = null
    for (const segment of log.state.segments.all) {
      if (segment.writtenBytes === 0) continue
      const timestampMs = provenMaxTimestampMs(log.state, segment)
      if (timestampMs > (largest?.timestampMs ?? -1))
        largest = { timestampMs, offset: segment.offsetOfMaxTimestamp }
    }
    return largest
  })
  if ('failure' in begun) done(null, begun.failure)
  else if (begun.place === null || begun.place.offset < log.logStartOffset) done(null, null)
  else {
    const { timestampMs, offset } = begun.place
    search(log, offset, timestampMs, (record) => record.timestampMs === timestampMs, done)
  }
}
