/** Carries out the retention plan of one log. */
import { retainedSegments } from './compaction-facts.ts'
import { moveLogStart } from './log-prefix.ts'
import type { LogState } from './log-state.ts'
import type { LogSyncer } from './log-syncer.ts'
import { planRetention } from './retention.ts'
import { deleteSegmentFiles } from './segment-deletion.ts'

/** Answers how many bytes are freed; `roll` begins a new segment. Throws `DiskError`. */
export function applyRetention(state: LogState, syncer: LogSyncer, roll: () => void, nowMs: number): number {
  // What is still on its way to the file is no matter for retention; the next round comes.
  if (state.writtenOffset !== state.logEndOffset) return 0
  const plan = planRetention({
    nowMs,
    logStartOffset: state.logStartOffset,
    highWatermark: state.highWatermark,
    segments: retainedSegments(state),
    config: state.config,
  })
  if (plan.deleteCount === 0) return 0
  if (plan.rollsFirst) roll()
  const { segments, environment } = state
  const { active } = segments
  if (!active.hasLog) {
    // The name of the last segment tells where offsets go on: it must be there before the others go.
    active.log.useOrCreate()
    active.hasLog = true
    environment.disk.syncDirectorySync(state.folder)
  }
  const gone = segments.all.slice(0, plan.deleteCount)
  let freedBytes = 0
  for (const segment of gone) {
    freedBytes += segment.sizeBytes
    syncer.forget(segment)
  }
  segments.removeAll(new Set(gone))
  // Before their files, which may fail to go: nobody may be sent where no segment is.
  moveLogStart(state, plan.logStartOffset)
  syncer.noteNames()
  deleteSegmentFiles(state, gone)
  environment.checkpointsChanged()
  environment.events.info('old segments deleted', {
    topic: state.topic,
    partition: state.partition,
    segments: gone.length,
    bytes: freedBytes,
    logStartOffset: state.logStartOffset,
  })
  return freedBytes
}
