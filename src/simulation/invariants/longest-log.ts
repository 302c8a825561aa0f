/** The longest of the metadata logs that nodes had at the end. */
import type { History, SeenBatch } from '../history.ts'

export function longestLog({ metadataLogs }: History): readonly SeenBatch[] {
  return [...metadataLogs.values()].sort((one, other) => other.length - one.length)[0] ?? []
}
