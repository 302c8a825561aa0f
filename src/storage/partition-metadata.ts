/** The text of `partition.metadata`: which topic (by id) a partition folder belongs to. No newline at the end. */
import { isUuid } from '../protocol/uuid.ts'

const PATTERN = /^version: 0\r?\ntopic_id: ([A-Za-z0-9_-]{22})\s*$/

export function encodePartitionMetadata(topicId: string): Buffer {
  return Buffer.from(`version: 0\ntopic_id: ${topicId}`)
}

/** The topic id; null when the content is torn or foreign. */
export function decodePartitionMetadata(content: Buffer): string | null {
  const topicId = PATTERN.exec(content.toString('utf8'))?.[1]
  return topicId !== undefined && isUuid(topicId) ? topicId : null
}
