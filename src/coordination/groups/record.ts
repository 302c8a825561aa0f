/**
 * The records of a groups log, and at which version each is written.
 *
 * A record is its key and value, or a key without value: a tombstone. Versions are those that Kafka writes, so that
 * its brokers and tools can read the topic after us.
 */
import type { GroupRecord } from '../../protocol/stored/groups.ts'

export type {
  GroupMetadataValue,
  GroupRecord,
  OffsetCommitValue,
} from '../../protocol/stored/groups.ts'

const OFFSET_WITH_EXPIRY = 1
const OFFSET_WITH_TOPIC_ID = 4
const GROUP_METADATA = 3

/** The version of the record's value; undefined: its newest. */
export function storedValueVersion(record: GroupRecord): number | undefined {
  switch (record.type) {
    case 'OffsetCommit':
      // Only version 1 has an expiry of its own, which only old clients ask for.
      return (record.value?.expireTimestamp ?? -1n) >= 0n ? OFFSET_WITH_EXPIRY : OFFSET_WITH_TOPIC_ID
    case 'GroupMetadata':
      return GROUP_METADATA
    default:
      return undefined
  }
}
