/** Carries out the retention plan of one log. */
import { retainedSegments } from './compaction-facts.ts'
import { syncOrDropEpochs } from './log-files.ts'
import { moveLogStart } from './log-prefix.ts'
import type { LogState } from './log-state.ts'
import type { LogSyncer } from './log-syncer.ts'
import { planRetention, type RetentionPlan } from './retention.ts'
import type { Segment } from './segment.ts'
import { deleteSegmentFiles } from './segment-deletion.ts'
import { rebuildIndexes, tellsItsLargestTimestamp } from './segment-indexes.ts'

/** What is to go is asked first how old it is: where its time index is wrong it is built anew, and all is planned again. */
function believedPlan(state: LogState, nowMs: number): RetentionPlan {
  const believed = new Set<Segment>()
  for (;;) {
    const plan = planRetention({
      nowMs,
      logStartOffset: state.logStartOffset,
      highWatermark: state.highWatermark,
      segments: retainedSegments(state),
      config: state.config,
    })
    const asked = state.segments.all.slice(0, plan.deleteCount).filter((segment) => !believed.has(segment))
    const doubtful = asked.filter(
      (segment) => segment.writtenBytes > 0 && !tellsItsLargestTimestamp(state, segment),
    )
    if (doubtful.length === 0) return plan
    // Where the batches end in damage, those before it tell.
    for (const segment of doubtful) rebuildIndexes(state, segment)
    for (const segment of asked) believed.add(segment)
  }
}

/** Answers how many bytes are freed; `roll` begins a new segment. Throws `DiskError`. */
export function applyRetention(state: LogState, syncer: LogSyncer, roll: () => void, nowMs: number): number {
  // What is still on its way to the file is no matter for retention; the next round comes.
  if (state.writtenOffset !== state.logEndOffset) return 0
  const plan = believedPlan(state, nowMs)
  if (plan.deleteCount === 0 || !syncOrDropEpochs(state)) return 0
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
