/**
 * What a metadata command comes to: records for the log, and the answer once they are committed.
 *
 * Deciding changes nothing; the host appends the records, applies them, and holds the reply until then.
 */
import type { MetadataRecord } from './record.ts'

export interface MetadataDecision<Reply> {
  /** In the order in which they must be appended, in one batch; empty when there is nothing to change. */
  readonly records: readonly MetadataRecord[]
  readonly reply: Reply
}
