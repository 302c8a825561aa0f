/**
 * Opens the log in a partition folder, or creates one there: carries out the folder plan, reads the small
 * files, and lets recovery find the end.
 */
import { joinPath } from '../runtime/disk.ts'
import { AtomicFile } from './atomic-file.ts'
import { completeSwaps, type FolderFile, planFolder, type SwapEnd } from './folder-plan.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import { Log } from './log.ts'
import type { LogConfig } from './log-config.ts'
import type { LogEnvironment } from './log-environment.ts'
import { LEADER_EPOCH_FILE, readEpochs, readTopicId, writeTopicId } from './log-files.ts'
import { mendEpochs, recoverLog } from './log-recovery.ts'
import type { LogState } from './log-state.ts'
import { PooledFile } from './open-files.ts'
import { ProducerState } from './producer-state.ts'
import type { StopFacts } from './recovery.ts'
import { Segment, type SegmentFacts } from './segment.ts'
import { parseSegmentFileName, segmentFileName } from './segment-names.ts'
import { scanSegment } from './segment-scan.ts'
import { Segments } from './segments.ts'
import { markAsNew, NEW_LOG_FILE } from './stale-lines.ts'
import { rewriteTail } from './tail-rewrite.ts'

export interface LogIdentity {
  readonly topic: string
  readonly partition: number
  /** Path of the partition's folder. */
  readonly folder: string
}

/** What the directory's checkpoints say of a log. */
export interface OpenFacts extends StopFacts {
  /** null: the first segment's base offset. */
  readonly logStartOffset: number | null
  /** null: the log start (trap 10: only a hint). */
  readonly highWatermark: number | null
  /** A sync of the directory failed on this machine: what is not proven must be written again. */
  readonly rewritesTail: boolean
}

/**
 * Creates the folder and an empty first segment at `startOffset`. Nothing of it is synced before the first `durable`.
 * `hasNamesake`: the checkpoint files may have lines of an earlier log of this name.
 */
export function createLog(
  environment: LogEnvironment,
  identity: LogIdentity,
  config: LogConfig,
  topicId: string | null,
  startOffset = 0,
  hasNamesake = false,
): Log {
  environment.disk.makeDirectory(identity.folder)
  // Before all other names: a power cut that keeps any of them keeps this one.
  if (hasNamesake) markAsNew(environment.disk, identity.folder)
  const segment = Segment.fresh(environment.files, identity.folder, startOffset, environment.clock.wallMs())
  segment.log.useOrCreate()
  segment.hasLog = true
  const state = newState(environment, identity, config, [segment], new LeaderEpochs())
  state.logStartOffset = startOffset
  state.logEndOffset = startOffset
  state.writtenOffset = startOffset
  state.highWatermark = startOffset
  state.isNew = hasNamesake
  if (topicId !== null) writeTopicId(state, topicId, true)
  return new Log({
    state,
    durableOffset: startOffset,
    recoveryPoint: startOffset,
    folderIsNew: true,
    damage: null,
    topicId,
  })
}

/** What is known of a log of which no checkpoint file says anything. */
const OF_NOBODY = { recoveryPoint: 0, logStartOffset: null, highWatermark: null } as const

/** Opens what a folder holds; an empty folder is an empty log. Throws `DiskError`. */
export function openLog(
  environment: LogEnvironment,
  identity: LogIdentity,
  config: LogConfig,
  checkpointed: OpenFacts,
): Log {
  const files = preparedFiles(environment, identity)
  const has = (name: string): boolean => files.some((file) => file.name === name)
  const isNew = has(NEW_LOG_FILE) && !checkpointed.wasClean
  const facts = isNew ? { ...checkpointed, ...OF_NOBODY } : checkpointed
  const segmentFacts = segmentsIn(files)
  const segments = segmentFacts.map((segment) => new Segment(environment.files, identity.folder, segment))
  if (segments.length === 0) {
    const startOffset = facts.logStartOffset ?? 0
    const fresh = Segment.fresh(environment.files, identity.folder, startOffset, environment.clock.wallMs())
    fresh.log.useOrCreate()
    fresh.hasLog = true
    segments.push(fresh)
  }
  const state = newState(environment, identity, config, segments, new LeaderEpochs())
  state.isNew = isNew
  const epochs = has(LEADER_EPOCH_FILE) ? readEpochs(state) : null
  if (epochs !== null) state.epochs.load(epochs)
  const recovered = recoverLog(state, facts, epochs !== null, snapshotsIn(files))
  const logStart = Math.max(facts.logStartOffset ?? 0, state.segments.first.baseOffset)
  state.logStartOffset = Math.min(logStart, recovered.endOffset)
  mendEpochs(state)
  state.epochs.truncateFromStart(state.logStartOffset)
  const durableOffset = facts.wasClean
    ? recovered.endOffset
    : Math.min(facts.recoveryPoint ?? 0, recovered.endOffset)
  if (facts.rewritesTail && recovered.damage === null) rewriteTail(state, durableOffset)
  const highWatermark = facts.highWatermark ?? state.logStartOffset
  state.highWatermark = Math.min(Math.max(highWatermark, state.logStartOffset), recovered.endOffset)
  state.producers.highWatermarkMoved(state.highWatermark)
  return new Log({
    state,
    durableOffset,
    // Of a damaged log it must not fall to the damage, which the next start would take for the end of what was synced.
    recoveryPoint: recovered.damage === null ? durableOffset : (facts.recoveryPoint ?? durableOffset),
    folderIsNew: segmentFacts.length === 0,
    damage: recovered.damage,
    topicId: has('partition.metadata') ? readTopicId(state) : null,
  })
}

function newState(
  environment: LogEnvironment,
  identity: LogIdentity,
  config: LogConfig,
  segments: readonly Segment[],
  epochs: LeaderEpochs,
): LogState {
  return {
    environment,
    topic: identity.topic,
    partition: identity.partition,
    folder: identity.folder,
    config,
    segments: new Segments(segments),
    epochs,
    epochFile: new AtomicFile(environment.disk, joinPath(identity.folder, LEADER_EPOCH_FILE)),
    producers: new ProducerState(),
    logStartOffset: 0,
    logEndOffset: 0,
    writtenOffset: 0,
    highWatermark: 0,
    snapshotOffset: -1,
    isNew: false,
    cuts: 0,
  }
}

function listFiles(environment: LogEnvironment, folder: string): FolderFile[] {
  const files: FolderFile[] = []
  for (const { name, kind } of environment.disk.list(folder)) {
    if (kind !== 'file') continue
    const needsStatus = name.endsWith('.log') || name.endsWith('.log.swap')
    const status = needsStatus ? environment.disk.status(joinPath(folder, name)) : null
    files.push({ name, sizeBytes: status?.sizeBytes ?? 0, modifiedMs: status?.modifiedMs ?? 0 })
  }
  return files
}

/** The folder's files after deletions and compactions were brought to an end. */
function preparedFiles(environment: LogEnvironment, identity: LogIdentity): FolderFile[] {
  const { folder } = identity
  const files = listFiles(environment, folder)
  const swapEnds = completeSwaps(files).map((offset) => swapEnd(environment, folder, files, offset))
  const { steps } = planFolder(files, swapEnds)
  if (steps.length === 0) return files
  for (const step of steps) {
    if (step.kind === 'remove') environment.disk.remove(joinPath(folder, step.name))
    else environment.disk.rename(joinPath(folder, step.from), joinPath(folder, step.to))
  }
  environment.disk.syncDirectorySync(folder)
  return listFiles(environment, folder)
}

function swapEnd(
  environment: LogEnvironment,
  folder: string,
  files: readonly FolderFile[],
  baseOffset: number,
): SwapEnd {
  const name = `${segmentFileName(baseOffset, 'log')}.swap`
  const file = new PooledFile(environment.files, joinPath(folder, name))
  const { nextOffset } = scanSegment(file, environment.buffers, {
    startPosition: 0,
    endPosition: files.find((candidate) => candidate.name === name)?.sizeBytes ?? 0,
    verifyFromPosition: Number.POSITIVE_INFINITY,
    offsetMin: baseOffset,
    visit: () => true,
  })
  file.close()
  return { baseOffset, nextOffset }
}

function segmentsIn(files: readonly FolderFile[]): SegmentFacts[] {
  const names = new Set(files.map((file) => file.name))
  const segments: SegmentFacts[] = []
  for (const file of files) {
    const parsed = parseSegmentFileName(file.name)
    if (parsed === null || parsed.role !== 'log' || parsed.stage !== 'live') continue
    segments.push({
      baseOffset: parsed.offset,
      sizeBytes: file.sizeBytes,
      hasLog: true,
      hasIndex: names.has(segmentFileName(parsed.offset, 'index')),
      hasTimeIndex: names.has(segmentFileName(parsed.offset, 'timeindex')),
      hasTransactionIndex: names.has(segmentFileName(parsed.offset, 'txnindex')),
      modifiedMs: file.modifiedMs,
    })
  }
  return segments.sort((a, b) => a.baseOffset - b.baseOffset)
}

function snapshotsIn(files: readonly FolderFile[]): number[] {
  const offsets: number[] = []
  for (const file of files) {
    const parsed = parseSegmentFileName(file.name)
    if (parsed?.role === 'snapshot' && parsed.stage === 'live') offsets.push(parsed.offset)
  }
  return offsets.sort((a, b) => b - a)
}
