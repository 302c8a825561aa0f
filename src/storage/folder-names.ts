/**
 * How Kafka names partition folders: `<topic>-<partition>`, and with a suffix what is being deleted
 * (`-delete`), copied from another directory (`-future`), or belongs to no known topic (`-stray`).
 */

export type FolderKind = 'live' | 'delete' | 'future' | 'stray'

export interface FolderName {
  readonly topic: string
  readonly partition: number
  readonly kind: FolderKind
}

const NAME_LENGTH_MAX = 255
const LIVE = /^([a-zA-Z0-9._-]{1,249})-(\d{1,10})$/
const SUFFIXED = /^([a-zA-Z0-9._-]*)-(\d{1,10})\.[0-9a-f]{32}-(delete|future|stray)$/

export function folderName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** `uniqueId` is 32 hex digits. The topic is cut where the name would get too long for a file system. */
export function suffixedFolderName(
  topic: string,
  partition: number,
  kind: Exclude<FolderKind, 'live'>,
  uniqueId: string,
): string {
  const suffix = `-${partition}.${uniqueId}-${kind}`
  return topic.slice(0, NAME_LENGTH_MAX - suffix.length) + suffix
}

/** null when the folder is none of a partition's. */
export function parseFolderName(name: string): FolderName | null {
  const suffixed = SUFFIXED.exec(name)
  const kind = suffixed?.[3]
  if (suffixed !== null && (kind === 'delete' || kind === 'future' || kind === 'stray')) {
    return { topic: suffixed[1] ?? '', partition: Number(suffixed[2]), kind }
  }
  const live = LIVE.exec(name)
  if (live === null) return null
  const partition = Number(live[2])
  if (partition > 0x7fffffff || String(partition) !== live[2]) return null
  return { topic: live[1] ?? '', partition, kind: 'live' }
}
