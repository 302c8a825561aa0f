/**
 * Puts a cleaned segment in the place of those it was made from, so that a crash at any moment leaves the old
 * ones or the new one, never neither and never both.
 *
 * `.cleaned` while it is written; synced; renamed to `.swap`, the log file last (from then on a restart completes
 * the swap); the old files renamed away; `.swap` renamed to the live names.
 */
import type { DiskError } from '../runtime/disk.ts'
import { toDiskError } from './disk-failures.ts'
import type { LogState } from './log-state.ts'
import type { LogSyncer } from './log-syncer.ts'
import type { PooledFile } from './open-files.ts'
import type { Segment } from './segment.ts'
import { deleteSegmentFiles } from './segment-deletion.ts'

export const CLEANED = '.cleaned'
const SWAP = '.swap'

/** The segment's files that exist, the log file last. */
function existingFiles(segment: Segment): PooledFile[] {
  const indexes = [segment.offsetIndex, segment.timeIndex, segment.transactionIndex]
  return [...indexes.filter((index) => index.entries.exists).map((index) => index.entries.file), segment.log]
}

function syncFile(file: PooledFile): Promise<void> {
  return new Promise((resolve, reject) => {
    file.hold().sync((error) => {
      file.free()
      if (error === null) resolve()
      else reject(error)
    })
  })
}

function syncFolder(state: LogState): Promise<void> {
  return new Promise((resolve, reject) => {
    state.environment.disk.syncDirectory(state.folder, (error: DiskError | null) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

function rename(state: LogState, file: PooledFile, from: string, to: string): void {
  const path = file.path.slice(0, file.path.length - from.length) + to
  state.environment.disk.rename(file.path, path)
  file.renamed(path)
}

/**
 * `isValid` tells whether the log still has the replaced segments; it is asked after every wait. Answers whether
 * the swap was made. Rejects with `DiskError`.
 */
export async function swapSegments(
  state: LogState,
  syncer: LogSyncer,
  replaced: readonly Segment[],
  cleaned: Segment,
  isValid: () => boolean,
): Promise<boolean> {
  const files = existingFiles(cleaned)
  for (const file of files) await syncFile(file)
  if (!isValid()) return false
  for (const file of files) rename(state, file, CLEANED, SWAP)
  await syncFolder(state)
  if (!isValid()) return false
  state.segments.replace(replaced, cleaned)
  for (const segment of replaced) syncer.forget(segment)
  deleteSegmentFiles(state, replaced, cleaned.baseOffset)
  for (const file of files) rename(state, file, SWAP, '')
  cleaned.indexesUnsynced = false
  syncer.noteNames()
  return true
}

/** Removes what an abandoned cleaning left. */
export function removeCleaned(state: LogState, cleaned: Segment): void {
  try {
    for (const file of cleaned.pooledFiles()) {
      file.close()
      if (file.path.endsWith(CLEANED) || file.path.endsWith(SWAP)) state.environment.disk.remove(file.path)
    }
  } catch (error) {
    // The next start removes them.
    toDiskError(error)
  }
}
