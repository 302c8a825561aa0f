/**
 * The moving parts of one partition log, shared by the modules that append, read, cut and clean it.
 */
import { joinPath } from '../runtime/disk.ts'
import type { AtomicFile } from './atomic-file.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { ProducerState } from './producer-state.ts'
import type { Segments } from './segments.ts'

export interface LogState {
  readonly environment: LogEnvironment
  readonly topic: string
  readonly partition: number
  /** Path of the partition's folder; changes when the partition is deleted or a future replica takes over. */
  folder: string
  config: LogConfig
  readonly segments: Segments
  readonly epochs: LeaderEpochs
  epochFile: AtomicFile
  readonly producers: ProducerState
  logStartOffset: number
  logEndOffset: number
  writtenOffset: number
  highWatermark: number
  /** Offset of the newest producer snapshot on the disk; -1 when there is none. */
  snapshotOffset: number
  /** The checkpoint files say nothing of this log yet, whatever stands there under its name. */
  isNew: boolean
  /** Counts cuts: whoever read before one knows nothing any more. */
  cuts: number
}

export function pathIn(state: LogState, name: string): string {
  return joinPath(state.folder, name)
}

/** Offsets are int64 on the wire and numbers here: one beyond 2^53 is a bug or an attack, never a value. */
export function assertOffset(offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Error(`not an offset: ${offset}`)
}
