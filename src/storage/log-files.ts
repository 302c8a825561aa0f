/**
 * The small files beside a log's segments: producer snapshots, leader epochs, `partition.metadata`.
 *
 * All of them can be lost without harm: producers and epochs are rebuilt from the batches, and the topic id is
 * told by the owner again. Epochs that are older than batches which are gone do harm: a log would claim a history that it
 * never had, and be cut for it.
 */
import type { Disk, DiskError } from '../runtime/disk.ts'
import { readSmallFile, replaceFileSync } from './atomic-file.ts'
import { decodeEpochStarts, type EpochStart, encodeEpochStarts } from './checkpoint.ts'
import { isPassing, toDiskError } from './disk-failures.ts'
import { type LogState, pathIn } from './log-state.ts'
import { decodePartitionMetadata, encodePartitionMetadata } from './partition-metadata.ts'
import type { ProducerEntry } from './producer-entry.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts'
import { segmentFileName } from './segment-names.ts'

export const LEADER_EPOCH_FILE = 'leader-epoch-checkpoint'
export const PARTITION_METADATA_FILE = 'partition.metadata'

/** Writes a file in place: for one that nobody relies on yet, or that tells by itself when it is torn. */
function writeInPlace(disk: Disk, path: string, content: Buffer): void {
  const file = disk.open(path, 'create')
  try {
    file.truncateSync(0)
    file.writeSync([content], 0)
  } finally {
    file.close()
  }
}

/** Writes the producers as they are at `offset`. A snapshot is checksummed, so it needs no sync. */
export function writeSnapshot(state: LogState, offset: number, content: Buffer): void {
  writeInPlace(state.environment.disk, pathIn(state, segmentFileName(offset, 'snapshot')), content)
  state.snapshotOffset = Math.max(state.snapshotOffset, offset)
}

/** Writes a snapshot of the producers as they are now, if there is no newer one. */
export function snapshotProducers(state: LogState): void {
  if (state.snapshotOffset >= state.logEndOffset) return
  writeSnapshot(state, state.logEndOffset, encodeProducerSnapshot(state.producers.entries()))
}

/** null when the file is missing or damaged. */
export function readSnapshot(state: LogState, offset: number): ProducerEntry[] | null {
  const content = readSmallFile(state.environment.disk, pathIn(state, segmentFileName(offset, 'snapshot')))
  return content === null ? null : decodeProducerSnapshot(content)
}

/** null when the file is missing or damaged (trap 5: then the batches themselves are asked). */
export function readEpochs(state: LogState): EpochStart[] | null {
  const content = readSmallFile(state.environment.disk, pathIn(state, LEADER_EPOCH_FILE))
  return content === null ? null : decodeEpochStarts(content)
}

/** Saves the epochs; `done` runs when they are on the disk. Calls that overlap are serialised (trap 5). */
export function saveEpochs(state: LogState, done: (error: DiskError | null) => void): void {
  const content = (): Buffer => {
    state.epochs.markSaved()
    return encodeEpochStarts(state.epochs.entries)
  }
  state.epochFile.replace(content, (error) => {
    if (error !== null) state.epochs.markUnsaved()
    done(error)
  })
}

/**
 * Batches are about to go: what they alone tell of epochs comes to the disk before it returns. False: a replacement is under
 * way. Throws `DiskError`.
 */
export function syncEpochs({ epochs, epochFile, environment }: LogState): boolean {
  if (epochFile.isWriting) return false
  if (!epochs.hasUnsavedEpoch) return true
  replaceFileSync(environment.disk, epochFile.path, encodeEpochStarts(epochs.entries))
  epochs.markSaved()
  return true
}

/** As `syncEpochs`; where there is no room for the file it goes, as nothing wrong is read from none. */
export function syncOrDropEpochs(state: LogState): boolean {
  try {
    return syncEpochs(state)
  } catch (error) {
    if (!isPassing(toDiskError(error))) throw error
    const { disk } = state.environment
    disk.remove(state.epochFile.path)
    disk.syncDirectorySync(state.folder)
    return true
  }
}

/** The topic id in the folder; null when none is told. */
export function readTopicId(state: LogState): string | null {
  const content = readSmallFile(state.environment.disk, pathIn(state, PARTITION_METADATA_FILE))
  return content === null ? null : decodePartitionMetadata(content)
}

/** Tells the folder its topic. `isNew`: nothing of the folder counts yet, so a torn file does no harm. */
export function writeTopicId(state: LogState, topicId: string, isNew: boolean): void {
  const content = encodePartitionMetadata(topicId)
  const path = pathIn(state, PARTITION_METADATA_FILE)
  const { disk } = state.environment
  if (isNew) writeInPlace(disk, path, content)
  else replaceFileSync(disk, path, content, false)
}
