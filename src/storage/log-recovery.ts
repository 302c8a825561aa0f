/**
 * Brings an opened log to its true end: the cheap way after a clean stop, by checking and rebuilding
 * everything from the recovery point on after an unclean one.
 */
import { type BatchFacts, nextOffsetOf } from './batch-facts.ts'
import type { LogState } from './log-state.ts'
import type { OffsetPosition } from './offset-index.ts'
import type { LogDamage } from './partition-log.ts'
import { loadSnapshot, removeSnapshots, replayProducers } from './producer-replay.ts'
import { checkFrom, judgeFault, type StopFacts } from './recovery.ts'
import type { Segment } from './segment.ts'
import { deleteSegmentFiles } from './segment-deletion.ts'
import { rebuildIndexes } from './segment-indexes.ts'
import { type ScanResult, scanHeaders, scanSegment, trustedUpTo } from './segment-scan.ts'

export interface RecoveredLog {
  readonly endOffset: number
  readonly damage: LogDamage | null
  /** Batches whose epochs had to be read because no epoch file told them. */
  readonly rebuiltEpochs: boolean
}

/**
 * Sets the state's offsets, epochs and producers. `epochsKnown` is false when the epoch file was missing or
 * torn. `snapshots` are the folder's snapshot offsets, newest first. Throws `DiskError`.
 */
export function recoverLog(
  state: LogState,
  stop: StopFacts,
  epochsKnown: boolean,
  snapshots: readonly number[],
): RecoveredLog {
  const checkedFrom = checkFrom(stop, state.segments.first.baseOffset)
  let damage: LogDamage | null = null
  if (checkedFrom !== null) {
    // Above the recovery point no snapshot is to be trusted; of the epochs each batch is asked.
    removeSnapshots(
      state,
      snapshots.filter((offset) => offset > checkedFrom),
    )
    damage = checkTail(state, stop, checkedFrom)
  }
  mendIndexes(state)
  const end = findEnd(state)
  damage ??= end.damage
  const recoveryPoint = stop.wasClean ? null : stop.recoveryPoint
  if (damage === null && recoveryPoint !== null && end.offset < recoveryPoint) {
    damage = {
      offset: trustedUpTo(state.segments.active, state.environment.buffers),
      reason: `the log ends at ${end.offset}, but was durable up to ${recoveryPoint}`,
      hidesEnd: true,
    }
  }
  if (damage !== null && end.damage !== null) damage = { ...damage, hidesEnd: true }
  state.logEndOffset = end.offset
  state.writtenOffset = end.offset
  const isEmpty = end.offset === state.segments.first.baseOffset
  const rebuiltEpochs = !isEmpty && (!epochsKnown || !matchesLastBatch(state, end))
  if (rebuiltEpochs) rebuildEpochs(state)
  // An epoch that began right at the end, without a record yet, is as good as the others.
  state.epochs.truncateFromEnd(end.offset + 1)
  const usable = snapshots.filter((offset) => checkedFrom === null || offset <= checkedFrom)
  const unread = bringProducers(state, usable, end.offset, checkedFrom !== null)
  if (unread !== null && (damage === null || unread.offset < damage.offset))
    damage = { ...unread, hidesEnd: damage?.hidesEnd === true }
  return { endOffset: end.offset, damage, rebuiltEpochs }
}

/** Answers where batches cannot be read; null when all went well. */
function bringProducers(
  state: LogState,
  snapshots: readonly number[],
  endOffset: number,
  isUnclean: boolean,
): LogDamage | null {
  const from = loadSnapshot(state, snapshots, endOffset)
  return from >= endOffset ? null : replayProducers(state, from, isUnclean)
}

/** Checks and rebuilds every segment from `checkedFrom` on; cuts the torn tail or answers the damage. */
function checkTail(state: LogState, stop: StopFacts, checkedFrom: number): LogDamage | null {
  const { segments } = state
  // A segment that ends at the recovery point may have been completed after it: its indexes are checked too.
  let index = Math.max(0, segments.indexOf(checkedFrom - 1))
  let nextOffset = segments.at(index)?.baseOffset ?? 0
  for (let segment = segments.at(index); segment !== undefined; segment = segments.at(++index)) {
    const isLastSegment = index === segments.count - 1
    // Segments follow each other without a gap, but where compaction (here or on the leader) made one.
    const follows =
      segment.baseOffset === nextOffset || state.config.compacts || segment.baseOffset <= checkedFrom
    const scanned: ScanResult =
      follows && segment.baseOffset >= nextOffset
        ? checkSegment(state, segment, checkedFrom)
        : {
            endPosition: 0,
            nextOffset,
            fault: `segment ${segment.baseOffset} does not follow offset ${nextOffset}`,
          }
    nextOffset = Math.max(scanned.nextOffset, segment.baseOffset)
    if (scanned.fault === null) {
      if (!isLastSegment) segment.seal()
      continue
    }
    const fault = { offset: scanned.nextOffset, reason: scanned.fault, isLastSegment }
    if (judgeFault(stop, fault).kind === 'damage') {
      const reason = `${scanned.fault} (${segment.log.path})`
      const offset = Math.min(scanned.nextOffset, trustedUpTo(segment, state.environment.buffers))
      return { offset, reason, hidesEnd: false }
    }
    cutTail(state, index, scanned)
    return null
  }
  return null
}

/** Checks a segment's batches from the last trustworthy index entry on, and rebuilds its indexes from there. */
function checkSegment(state: LogState, segment: Segment, checkedFrom: number): ScanResult {
  const startPosition = trustedPosition(state, segment, checkedFrom)
  if (startPosition === 0) segment.resetIndexes()
  // Behind an index entry nothing can be told of missing offsets, at first.
  let expected = startPosition === 0 ? segment.baseOffset : Number.POSITIVE_INFINITY
  let missingFrom = -1
  // Compaction makes gaps, and whether a segment that is not active was ever cleaned is not known.
  const tellsGaps = !state.config.compacts && segment === state.segments.active
  const scanned = scanSegment(segment.log, state.environment.buffers, {
    startPosition,
    endPosition: segment.writtenBytes,
    verifyFromPosition: startPosition,
    offsetMin: segment.baseOffset,
    visit: (facts) => {
      // The recovery point was the end of the log once: some batch ends there.
      if (expected < checkedFrom && checkedFrom <= facts.baseOffset) missingFrom = expected
      if (tellsGaps && missingFrom >= 0) return false
      expected = nextOffsetOf(facts)
      segment.noteBatch(facts, facts.position, state.config.indexIntervalBytes)
      bringEpoch(state, facts)
      return true
    },
  })
  segment.verifiedBytes = startPosition === 0 ? scanned.endPosition : 0
  // Where a bad batch follows, the one behind the gap may be a stray, and lie on what was durable: no tail is torn there.
  if (missingFrom < 0 || (!tellsGaps && scanned.fault === null)) return scanned
  const fault = scanned.fault ?? `offsets from ${missingFrom} on are missing`
  return { ...scanned, nextOffset: missingFrom, fault }
}

/** What the epoch file says of batches that compaction took stays, unless a batch that is there contradicts it. */
function bringEpoch({ epochs }: LogState, facts: BatchFacts): void {
  const { baseOffset, leaderEpoch } = facts
  if (epochs.epochOf(nextOffsetOf(facts) - 1) === leaderEpoch) return
  epochs.truncateFromEnd(baseOffset)
  if (leaderEpoch > epochs.latestEpoch) epochs.assign(leaderEpoch, baseOffset)
}

/**
 * Position of the last index entry below the recovery point, if the indexes are sound up to there; else 0. What the time
 * index has lost the offset index may still have, and what is largest behind its last entry is not known.
 */
function trustedPosition(state: LogState, segment: Segment, checkedFrom: number): number {
  const { offsetIndex, timeIndex } = segment
  if (checkedFrom <= segment.baseOffset || !offsetIndex.entries.exists || !timeIndex.entries.exists) return 0
  if (!offsetIndex.isSound(segment.writtenBytes) || !timeIndex.isSound(Number.POSITIVE_INFINITY)) return 0
  const timed = timeIndex.last
  if (timed === null) return 0
  const floor = offsetIndex.floor(Math.min(checkedFrom - 1, timed.offset))
  if (floor.position === 0 || !isBatchOf(state, segment, floor)) return 0
  // Its own entry stays: the batches are noted from it on, as they were at first.
  offsetIndex.truncateTo(floor.offset + 1)
  timeIndex.truncateTo(floor.offset + 1)
  return floor.position
}

/** Whether the index entry leads to a good batch that holds its offset: a cut may have come back in the index only. */
function isBatchOf(state: LogState, segment: Segment, entry: OffsetPosition): boolean {
  let isRight = false
  const scanned = scanSegment(segment.log, state.environment.buffers, {
    startPosition: entry.position,
    endPosition: segment.writtenBytes,
    verifyFromPosition: entry.position,
    offsetMin: segment.baseOffset,
    visit: (facts) => {
      isRight = facts.baseOffset <= entry.offset && entry.offset < nextOffsetOf(facts)
      return false
    },
  })
  return scanned.fault === null && isRight
}

/** The unflushed tail is torn: the segment ends before the bad batch, later segments go. */
function cutTail(state: LogState, index: number, scanned: ScanResult): void {
  const { segments, environment } = state
  const segment = segments.at(index)
  if (segment === undefined) return
  environment.events.warn('torn tail cut', {
    topic: state.topic,
    partition: state.partition,
    offset: scanned.nextOffset,
    bytes: segment.writtenBytes - scanned.endPosition,
    reason: scanned.fault ?? '',
  })
  let later = segments.all.slice(index + 1)
  if (scanned.endPosition === 0 && index > 0) later = segments.all.slice(index)
  else {
    // Only whole batches were noted, so what is largest stays, also where the sparse index does not tell it yet.
    const { maxTimestampMs, offsetOfMaxTimestamp } = segment
    segment.cutTo(scanned.endPosition)
    segment.truncateIndexes(scanned.nextOffset)
    segment.raiseMaxTimestamp(maxTimestampMs, offsetOfMaxTimestamp)
  }
  if (later.length === 0) return
  segments.removeAll(new Set(later))
  deleteSegmentFiles(state, later)
  environment.disk.syncDirectorySync(state.folder)
}

/** An epoch file that a power cut left behind the log (or before a cut of it) does not know the last batch. */
function matchesLastBatch(state: LogState, end: FoundEnd): boolean {
  return end.lastEpoch < 0 || state.epochs.epochOf(end.offset - 1) === end.lastEpoch
}

interface FoundEnd {
  readonly offset: number
  /** Epoch of the last batch; -1 when the active segment is empty. */
  readonly lastEpoch: number
  readonly damage: LogDamage | null
}

/** Indexes that are missing altogether (trap 3): a crash may fall between the renames of a swap. */
function mendIndexes(state: LogState): void {
  for (const segment of state.segments.all) {
    if (segment.writtenBytes === 0) continue
    const isLarge = segment.writtenBytes > state.config.indexIntervalBytes
    const lacksIndex = isLarge && segment.offsetIndex.entries.isMissing
    if (lacksIndex || segment.timeIndex.entries.isMissing) rebuildIndexes(state, segment)
  }
}

/** Where the last segment ends, by the batches behind its last index entry. */
function findEnd(state: LogState): FoundEnd {
  const { active } = state.segments
  if (active.writtenBytes === 0) return { offset: active.baseOffset, lastEpoch: -1, damage: null }
  const last = active.offsetIndex.last
  const isPlausible = last !== null && last.position > 0 && last.position < active.writtenBytes
  let lastEpoch = -1
  const noteEpoch = ({ leaderEpoch }: BatchFacts): boolean => {
    lastEpoch = leaderEpoch
    return true
  }
  const { buffers } = state.environment
  let scanned = scanHeaders(active, buffers, isPlausible ? last.position : 0, noteEpoch)
  if (scanned.fault !== null && isPlausible) {
    rebuildIndexes(state, active)
    scanned = scanHeaders(active, buffers, 0, noteEpoch)
  }
  const { nextOffset: offset, fault: reason } = scanned
  if (reason === null) return { offset, lastEpoch, damage: null }
  const damage = { offset: trustedUpTo(active, buffers), reason, hidesEnd: true }
  return { offset, lastEpoch, damage }
}

/** The epochs begin behind the log's first batch: their file was saved for a log start that was not. */
export function mendEpochs(state: LogState): void {
  const first = state.epochs.entries[0]
  if (first === undefined || first.startOffset <= state.logStartOffset) return
  const segment = state.segments.at(Math.max(0, state.segments.indexOf(state.logStartOffset)))
  if (segment === undefined) return
  let isMissing = false
  scanHeaders(
    segment,
    state.environment.buffers,
    segment.offsetIndex.floor(state.logStartOffset).position,
    (facts) => {
      isMissing = facts.baseOffset < first.startOffset
      return !isMissing && nextOffsetOf(facts) <= state.logStartOffset
    },
  )
  if (isMissing) rebuildEpochs(state)
}

/** No epoch file, or a torn one: the batches tell (trap 8). */
function rebuildEpochs(state: LogState): void {
  state.epochs.clear()
  for (const segment of state.segments.all) {
    scanHeaders(segment, state.environment.buffers, 0, (facts) => {
      bringEpoch(state, facts)
      return true
    })
  }
}
