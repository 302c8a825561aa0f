/**
 * Takes segments out of a log and removes their files later, as Kafka does: first a name ending in `.deleted`,
 * and after `file.delete.delay.ms` the file itself, so that readers finish in peace.
 */
import { DiskError } from '../runtime/disk.ts'
import { type LogState, pathIn } from './log-state.ts'
import type { Segment } from './segment.ts'
import { segmentFileName } from './segment-names.ts'

const DELETED = '.deleted'

/**
 * Renames the segments' files and schedules their removal; they must be out of the list. Their producer snapshots
 * go with them, but for the one of a segment that was replaced.
 */
export function deleteSegmentFiles(state: LogState, segments: readonly Segment[], replacedOffset = -1): void {
  const { disk } = state.environment
  const gone: string[] = []
  for (const segment of segments) {
    for (const file of segment.pooledFiles()) {
      if (disk.status(file.path) === null) continue
      disk.rename(file.path, file.path + DELETED)
      file.renamed(file.path + DELETED)
      gone.push(file.path)
    }
    const snapshot = pathIn(state, segmentFileName(segment.baseOffset, 'snapshot'))
    const isNeeded = segment.baseOffset === state.snapshotOffset || segment.baseOffset === replacedOffset
    if (!isNeeded) disk.remove(snapshot)
  }
  removeLater(state, segments, gone)
}

function removeLater(state: LogState, segments: readonly Segment[], paths: readonly string[]): void {
  const { clock, disk, events } = state.environment
  clock.schedule(state.config.fileDeleteDelayMs, () => {
    for (const segment of segments) segment.closeFiles()
    try {
      for (const path of paths) disk.remove(path)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // The files have lost their names in the log; the next start removes them.
      events.warn('deleted segment stays on the disk', { path: error.path, code: error.code })
    }
  })
}
