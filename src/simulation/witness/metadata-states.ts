/**
 * The cluster's metadata after every batch of a metadata log, as whoever reads that log must see it.
 *
 * It uses the product's own decoding and `apply`, so it says what the log means, not whether that is right. A log that
 * does not begin at its beginning (a snapshot stands before it) says nothing here, and that is an error.
 */
import { metadataRecordsOf } from '../../broker/quorum/metadata-batches.ts'
import { apply } from '../../coordination/metadata/apply.ts'
import { emptyImage } from '../../coordination/metadata/image.ts'
import { batchSizeBytes } from '../../protocol/records/batch.ts'
import type { MetadataState } from '../history.ts'
import { wholeBatches } from './replica-track.ts'

/** `seenMs` tells when a batch was first seen, by its offset and epoch. Throws when the log cannot be applied. */
export function metadataStates(
  bytes: Buffer,
  seenMs: (baseOffset: number, epoch: number) => number,
): MetadataState[] {
  let image = emptyImage
  const states: MetadataState[] = []
  for (const { position, baseOffset, lastOffset, leaderEpoch } of wholeBatches(bytes)) {
    if (states.length === 0 && baseOffset !== 0)
      throw new Error(`the metadata log begins at offset ${baseOffset}: what was before is not known`)
    const batch = bytes.subarray(position, position + batchSizeBytes(bytes, position))
    const applied = apply(image, metadataRecordsOf(batch, 0))
    if (!applied.ok)
      throw new Error(`${applied.problem.type} at offset ${baseOffset}: ${applied.problem.reason}`)
    image = applied.image
    const endOffset = lastOffset + 1
    states.push({ endOffset, epoch: leaderEpoch, seenMs: seenMs(baseOffset, leaderEpoch), image })
  }
  return states
}
