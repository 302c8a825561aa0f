/**
 * How Kafka names the files of a partition folder: a base offset in twenty digits and a suffix that tells the
 * role, with a second suffix while a file is being deleted or replaced.
 */

export type SegmentFileRole = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot'

/** `deleted`: to be removed; `cleaned`: compaction under way; `swap`: compaction done, renaming under way. */
export type SegmentFileStage = 'live' | 'deleted' | 'cleaned' | 'swap'

export interface SegmentFileName {
  readonly offset: number
  readonly role: SegmentFileRole
  readonly stage: SegmentFileStage
}

const PATTERN = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)(?:\.(deleted|cleaned|swap))?$/

const ROLES: readonly SegmentFileRole[] = ['log', 'index', 'timeindex', 'txnindex', 'snapshot']
const STAGES: readonly SegmentFileStage[] = ['deleted', 'cleaned', 'swap']

export function segmentFileName(offset: number, role: SegmentFileRole): string {
  return `${String(offset).padStart(20, '0')}.${role}`
}

/** null when the name is none of a segment's. */
export function parseSegmentFileName(name: string): SegmentFileName | null {
  const match = PATTERN.exec(name)
  if (match === null) return null
  const offset = Number(match[1])
  const role = ROLES.find((known) => known === match[2])
  if (role === undefined || !Number.isSafeInteger(offset)) return null
  return { offset, role, stage: STAGES.find((known) => known === match[3]) ?? 'live' }
}
