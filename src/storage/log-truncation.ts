/**
 * Cuts a log: everything at and above an offset goes, with indexes, epochs, producers and cached places
 * (trap 9). The caller has lowered the recovery point on the disk, and nothing is under way.
 *
 * It never leaves the names of removed segments unsynced: one that came back after a power cut would stand
 * beside what was appended since.
 */
import type { DiskError } from '../runtime/disk.ts'
import { toDiskError } from './disk-failures.ts'
import { saveEpochs } from './log-files.ts'
import { assertOffset, type LogState } from './log-state.ts'
import type { LogSyncer } from './log-syncer.ts'
import type { LogDamage } from './partition-log.ts'
import { loadSnapshot, removeSnapshots, replayProducers, snapshotOffsets } from './producer-replay.ts'
import { Segment } from './segment.ts'
import { deleteSegmentFiles } from './segment-deletion.ts'
import { scanHeaders } from './segment-scan.ts'

/** Answers what makes the rest bad too, null when it is whole as far as it was read. Throws `DiskError`. */
export function cutLog(state: LogState, syncer: LogSyncer, offset: number): LogDamage | null {
  assertOffset(offset)
  const { segments, environment } = state
  if (offset < segments.first.baseOffset) {
    restartLog(state, syncer, offset)
    return null
  }
  if (offset < state.highWatermark) {
    environment.events.warn('log is cut below the high watermark', {
      topic: state.topic,
      partition: state.partition,
      offset,
      highWatermark: state.highWatermark,
    })
  }
  const snapshots = snapshotOffsets(state)
  removeSnapshots(
    state,
    snapshots.filter((snapshot) => snapshot > offset),
  )
  const above = segments.all.filter((segment) => segment.baseOffset > offset)
  if (above.length > 0) {
    segments.removeAll(new Set(above))
    for (const segment of above) syncer.forget(segment)
    state.snapshotOffset = Math.min(state.snapshotOffset, offset)
    deleteSegmentFiles(state, above)
  }
  const endOffset = cutSegment(state, segments.active, offset)
  if (above.length > 0) environment.disk.syncDirectorySync(state.folder)
  state.logEndOffset = endOffset
  state.writtenOffset = endOffset
  state.highWatermark = Math.min(state.highWatermark, endOffset)
  state.logStartOffset = Math.min(state.logStartOffset, endOffset)
  state.epochs.truncateFromEnd(endOffset)
  syncer.truncateTo(endOffset)
  syncer.noteWritten(segments.active)
  const unread = replayProducers(state, loadSnapshot(state, snapshots, endOffset))
  environment.checkpointsChanged()
  return unread
}

/** Cuts before the batch that holds `offset`; answers where the log ends then. */
function cutSegment(state: LogState, segment: Segment, offset: number): number {
  // From a batch that stays: the entry of one that goes may be all that told of the largest timestamp before it.
  const floor = segment.offsetIndex.floor(offset - 1)
  let endOffset = offset
  let keptPosition = floor.position
  let largest = { timestampMs: -1, offset: -1 }
  const scanned = scanHeaders(segment, state.environment.buffers, floor.position, (facts) => {
    const lastOffset = facts.baseOffset + facts.lastOffsetDelta
    if (lastOffset >= offset) {
      endOffset = Math.min(offset, facts.baseOffset)
      return false
    }
    keptPosition = facts.position + facts.sizeBytes
    if (facts.maxTimestampMs > largest.timestampMs)
      largest = { timestampMs: facts.maxTimestampMs, offset: lastOffset }
    return true
  })
  // What follows a bad batch is cut with it (the owner cuts a damaged log to where it is whole).
  if (scanned.fault !== null) endOffset = Math.min(offset, Math.max(scanned.nextOffset, floor.offset))
  segment.cutTo(keptPosition)
  segment.truncateIndexes(endOffset)
  if (largest.offset >= 0) segment.raiseMaxTimestamp(largest.timestampMs, largest.offset)
  return endOffset
}

/** Drops everything; the log goes on, empty, at `offset`. Throws `DiskError`. */
export function restartLog(state: LogState, syncer: LogSyncer, offset: number): void {
  assertOffset(offset)
  const { segments, environment } = state
  removeSnapshots(state, snapshotOffsets(state))
  const old = [...segments.all]
  for (const segment of old) syncer.forget(segment)
  const fresh = Segment.fresh(environment.files, state.folder, offset, environment.clock.wallMs())
  segments.resetTo(fresh)
  deleteSegmentFiles(state, old)
  fresh.log.useOrCreate()
  fresh.hasLog = true
  environment.disk.syncDirectorySync(state.folder)
  state.epochs.clear()
  state.producers.clear()
  state.snapshotOffset = -1
  state.logStartOffset = offset
  state.logEndOffset = offset
  state.writtenOffset = offset
  state.highWatermark = offset
  syncer.restartAt(offset)
  environment.checkpointsChanged()
}

/**
 * Brings a cut to the disk before anything is appended behind it: a cut that a power cut undid would leave old
 * batches beside the new ones of the next segment. `done` runs in every case.
 */
export function settleCut(state: LogState, done: (error: DiskError | null) => void): void {
  let open = 2
  let failure: DiskError | null = null
  const finish = (error: DiskError | null): void => {
    failure ??= error
    open--
    if (open === 0) done(failure)
  }
  saveEpochs(state, finish)
  const { log } = state.segments.active
  try {
    log.hold().sync((error) => {
      log.free()
      finish(error)
    })
  } catch (error) {
    finish(toDiskError(error))
  }
}
