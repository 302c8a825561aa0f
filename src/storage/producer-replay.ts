/**
 * Brings the producers of a log to where the log ends: the newest good snapshot, then the batches after it.
 */
import type { BatchFacts } from './batch-facts.ts'
import { readSnapshot } from './log-files.ts'
import { type LogState, pathIn } from './log-state.ts'
import type { LogDamage } from './partition-log.ts'
import { parseSegmentFileName, segmentFileName } from './segment-names.ts'
import { scanSegment, trustedUpTo } from './segment-scan.ts'
import type { TransactionIndex } from './transaction-index.ts'
import { readTransactionMarker } from './transaction-marker-record.ts'

/** Offsets of the snapshots in the folder, newest first. */
export function snapshotOffsets(state: LogState): number[] {
  const offsets: number[] = []
  for (const entry of state.environment.disk.list(state.folder)) {
    const name = parseSegmentFileName(entry.name)
    if (name !== null && name.role === 'snapshot' && name.stage === 'live') offsets.push(name.offset)
  }
  return offsets.sort((a, b) => b - a)
}

export function removeSnapshots(state: LogState, offsets: readonly number[]): void {
  for (const offset of offsets) {
    state.environment.disk.remove(pathIn(state, segmentFileName(offset, 'snapshot')))
  }
}

/**
 * Loads the newest good snapshot at or below `offsetMax`; answers its offset, or the log's first one. One from before the
 * log's first segment does not know what producers did in segments that were deleted: what it says of them is outdated.
 */
export function loadSnapshot(state: LogState, offsets: readonly number[], offsetMax: number): number {
  const offsetMin = state.segments.first.baseOffset
  for (const offset of offsets) {
    if (offset > offsetMax) continue
    const entries = offset < offsetMin ? null : readSnapshot(state, offset)
    if (entries === null) {
      removeSnapshots(state, [offset])
      continue
    }
    state.producers.restore(entries)
    state.snapshotOffset = offset
    return offset
  }
  state.producers.clear()
  state.snapshotOffset = -1
  return offsetMin
}

/** Notes one batch of the log in the producers, and an abort in the segment's index if that is rebuilt. */
function replayBatch(
  state: LogState,
  facts: BatchFacts,
  chunk: Buffer,
  at: number,
  aborts: TransactionIndex | null,
): void {
  if (!facts.hasProducer) return
  if (!facts.isControl) {
    state.producers.applyBatch(facts, facts.baseOffset)
    return
  }
  const marker = readTransactionMarker(chunk, at)
  if (marker === null) return
  const { completed } = state.producers.applyMarker(marker, facts.baseOffset)
  if (completed?.isAbort === true) aborts?.append(completed)
}

/**
 * Producers as of the log's end, after it was cut or opened; `fromOffset` is what the snapshot holds. After an
 * unclean stop the transaction indexes are rebuilt on the way. Answers where a batch cannot be read, else null: what
 * producers did from there on is not known then.
 */
export function replayProducers(
  state: LogState,
  fromOffset: number,
  rebuildsAborts = false,
): LogDamage | null {
  const { segments, environment } = state
  for (let i = Math.max(0, segments.indexOf(fromOffset)); i < segments.count; i++) {
    const segment = segments.at(i)
    if (segment === undefined) continue
    if (rebuildsAborts) segment.transactionIndex.truncateTo(fromOffset)
    if (segment.writtenBytes === 0) continue
    const aborts = rebuildsAborts ? segment.transactionIndex : null
    const startPosition = fromOffset > segment.baseOffset ? segment.offsetIndex.floor(fromOffset).position : 0
    const scanned = scanSegment(segment.log, environment.buffers, {
      startPosition,
      endPosition: segment.writtenBytes,
      // A header may look right where all is rotten, and name a producer that never was.
      verifyFromPosition: startPosition,
      offsetMin: segment.baseOffset,
      visit: (facts, chunk, at) => {
        if (facts.baseOffset >= fromOffset) replayBatch(state, facts, chunk, at, aborts)
        return true
      },
    })
    if (scanned.fault !== null)
      return {
        offset: Math.min(scanned.nextOffset, trustedUpTo(segment, environment.buffers)),
        reason: `${scanned.fault} (${segment.log.path})`,
        hidesEnd: false,
      }
  }
  state.producers.highWatermarkMoved(state.highWatermark)
  return null
}
