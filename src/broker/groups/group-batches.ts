/**
 * The records of a decision as the batches that the log takes.
 *
 * One where they fit, as nearly always. Offsets that go together, with their group, their topic or their time, may be
 * more than one batch may hold; then they follow each other in several, which a crash may part. That is safe: each
 * tombstone is true alone, and what was not acknowledged may be asked again. Kafka writes them non-atomically, too.
 */
import type { GroupRecord } from '../../coordination/groups/record.ts'
import { storedValueVersion } from '../../coordination/groups/record.ts'
import { BATCH_HEADER_BYTES } from '../../protocol/records/batch.ts'
import { buildBatch, type NewRecord } from '../../protocol/records/builder.ts'
import { encodeGroupRecord } from '../../protocol/stored/groups.ts'

/** The most that a record has beside its key and value: six varints, an attribute byte and a delta of zero. */
const RECORD_OVERHEAD_BYTES_MAX = 28

/** The batches, one after the other; a record that alone is larger than `batchBytesMax` has one for itself. */
export function groupBatches(records: readonly GroupRecord[], nowMs: number, batchBytesMax: number): Buffer {
  const batches: Buffer[] = []
  let current: NewRecord[] = []
  let sizeBytes = BATCH_HEADER_BYTES
  for (const record of records) {
    const { key, value } = encodeGroupRecord(record, storedValueVersion(record))
    const addedBytes = key.length + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES_MAX
    if (current.length > 0 && sizeBytes + addedBytes > batchBytesMax) {
      batches.push(buildBatch(current))
      current = []
      sizeBytes = BATCH_HEADER_BYTES
    }
    current.push({ key, value, timestampMs: nowMs })
    sizeBytes += addedBytes
  }
  batches.push(buildBatch(current))
  const [only] = batches
  return batches.length === 1 && only !== undefined ? only : Buffer.concat(batches)
}
