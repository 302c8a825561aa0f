/**
 * Writes the unproven tail of a log over itself, byte for byte, so that the next sync covers it or fails.
 *
 * After a failed sync the kernel counts the pages as clean though the disk never got them (trap 7; Rebello and others,
 * "Can Applications Recover from fsync Failures?", ATC 2020). The process that saw it ends, but a next one on the same
 * machine reads those pages as if all were well, and its own sync would say so too. A marker in the directory tells it: it
 * needs no sync, for what a power cut takes with it is the cache that it warns of.
 */
import { limits } from '../runtime/limits.ts'
import type { LogState } from './log-state.ts'
import type { Segment } from './segment.ts'

/** Stands in a directory of which a sync failed, until all its logs have been written over. */
export const SYNC_FAILED_FILE = '.sync-failed'

/** Writes what lies at and above `fromOffset` again. Throws `DiskError`. */
export function rewriteTail(state: LogState, fromOffset: number): void {
  const { segments } = state
  for (let index = Math.max(0, segments.indexOf(fromOffset)); index < segments.count; index++) {
    const segment = segments.at(index)
    if (segment === undefined || segment.writtenBytes === 0) continue
    const isCut = fromOffset > segment.baseOffset
    rewriteSegment(state, segment, isCut ? segment.offsetIndex.floor(fromOffset).position : 0)
  }
}

function rewriteSegment(state: LogState, segment: Segment, fromPosition: number): void {
  const { buffers } = state.environment
  const chunk = buffers.lend(limits.readChunkBytes)
  try {
    const file = segment.log.use()
    for (let position = fromPosition; position < segment.writtenBytes; ) {
      const wanted = Math.min(chunk.length, segment.writtenBytes - position)
      const got = file.readSync(chunk, 0, wanted, position)
      if (got === 0) return
      file.writeSync([chunk.subarray(0, got)], position)
      position += got
    }
  } finally {
    buffers.takeBack(chunk)
  }
}
