/**
 * What to do with the files of a partition folder before its log is opened. Pure: names and sizes in, steps out.
 *
 * Leftovers of deletion go; a compaction that had not finished writing is dropped; one that had is completed
 * (KIP-less Kafka practice: `.cleaned` is void, `.swap` counts). It never drops a live segment that no
 * complete replacement covers.
 */
import { parseSegmentFileName, type SegmentFileRole, segmentFileName } from './segment-names.ts'

export interface FolderFile {
  readonly name: string
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** A replacement segment and the offset after its last batch. */
export interface SwapEnd {
  readonly baseOffset: number
  readonly nextOffset: number
}

export type FolderStep =
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }

export interface FolderPlan {
  readonly steps: readonly FolderStep[]
}

interface NamedFile {
  readonly name: string
  readonly offset: number
  readonly role: SegmentFileRole
}

function filesOfStage(files: readonly FolderFile[], stage: string): NamedFile[] {
  const found: NamedFile[] = []
  for (const file of files) {
    const parsed = parseSegmentFileName(file.name)
    if (parsed !== null && parsed.stage === stage) {
      found.push({ name: file.name, offset: parsed.offset, role: parsed.role })
    }
  }
  return found
}

/** Base offsets of replacements that count: their `.log.swap` is there and no `.cleaned` stands at or above none of theirs. */
export function completeSwaps(files: readonly FolderFile[]): number[] {
  const firstCleaned = Math.min(
    ...filesOfStage(files, 'cleaned').map((file) => file.offset),
    Number.POSITIVE_INFINITY,
  )
  return filesOfStage(files, 'swap')
    .filter((file) => file.role === 'log' && file.offset < firstCleaned)
    .map((file) => file.offset)
    .sort((a, b) => a - b)
}

/** `swapEnds` describes the segments that `completeSwaps` named. Steps must be done in order. */
export function planFolder(files: readonly FolderFile[], swapEnds: readonly SwapEnd[]): FolderPlan {
  const steps: FolderStep[] = []
  const remove = (name: string): void => {
    steps.push({ kind: 'remove', name })
  }
  const isReplaced = (offset: number): boolean =>
    swapEnds.some(
      (swap) => offset >= swap.baseOffset && offset < Math.max(swap.nextOffset, swap.baseOffset + 1),
    )
  const live = filesOfStage(files, 'live')
  const oldLogs = new Set(live.filter((file) => file.role === 'log').map((file) => file.offset))
  // The log file of a replaced segment goes last. So beside a swap whose old log is gone stand no old indexes any
  // more, but new ones that were renamed before the last crash.
  const isOld = (file: NamedFile): boolean =>
    isReplaced(file.offset) &&
    (oldLogs.has(file.offset) || !swapEnds.some((swap) => swap.baseOffset === file.offset))
  const old = live.filter((file) => file.role !== 'snapshot' && isOld(file))
  for (const file of old) if (file.role !== 'log') remove(file.name)
  for (const file of old) if (file.role === 'log') remove(file.name)
  // The log file is renamed last: it is what makes the swap count.
  const swaps = filesOfStage(files, 'swap').sort(
    (a, b) => Number(a.role === 'log') - Number(b.role === 'log'),
  )
  for (const file of swaps) {
    const counts = swapEnds.some((swap) => swap.baseOffset === file.offset)
    if (counts) steps.push({ kind: 'rename', from: file.name, to: segmentFileName(file.offset, file.role) })
    else remove(file.name)
  }
  for (const file of filesOfStage(files, 'cleaned')) remove(file.name)
  for (const file of filesOfStage(files, 'deleted')) remove(file.name)
  const logs = new Set<number>()
  for (const file of live) {
    if (file.role === 'log' && !isReplaced(file.offset)) logs.add(file.offset)
  }
  for (const swap of swapEnds) logs.add(swap.baseOffset)
  for (const file of live) {
    const isOrphan = file.role !== 'log' && file.role !== 'snapshot' && !logs.has(file.offset)
    if (isOrphan && !isReplaced(file.offset)) remove(file.name)
  }
  for (const file of files) if (file.name.endsWith('.tmp')) remove(file.name)
  return { steps }
}
