/**
 * The batches of the metadata log: how decisions and the quorum's own control records become bytes, and back.
 *
 * Records of one decision go into one batch, so that they are there together or not at all. Everything is in Kafka's
 * formats (KIP-595, KIP-631, KIP-853). It touches no log.
 */
import type { MetadataRecord } from '../../coordination/metadata/record.ts'
import type { EntrySpan, Voter } from '../../coordination/raft/message.ts'
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSizeBytes,
  compressionCode,
  isControl,
  isCrcValid,
  lastOffset,
  leaderEpoch,
  MAGIC,
  magicOf,
  recordCount,
} from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/builder.ts'
import {
  type ControlRecordInput,
  controlTypeOf,
  decodeControlRecord,
  encodeControlRecord,
} from '../../protocol/records/control.ts'
import { type BatchedRecord, decodeRecords } from '../../protocol/records/record.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../protocol/stored/metadata.ts'
import { leaderChangeRecord, votersOfRecord, votersRecords } from './voter-records.ts'

/** A set of voters and the base offset of the batch that holds it. */
export interface VotersAt {
  readonly offset: number
  readonly voters: readonly Voter[]
}

/** The batch of one decision; `records` must not be empty. The log sets offset and epoch. */
export function decisionBatch(records: readonly MetadataRecord[], timestampMs: number): Buffer {
  return buildBatch(
    records.map((record) => ({ key: null, value: encodeMetadataRecord(record), timestampMs })),
  )
}

/** With it a leader's epoch begins, and where the log does not name the voters yet, `named` are those that it names. */
export function leaderChangeBatch(
  leaderId: number,
  voters: readonly Voter[],
  named: readonly Voter[],
  timestampMs: number,
): Buffer {
  const records = named.length === 0 ? [] : votersRecords(named)
  return controlBatch([leaderChangeRecord(leaderId, voters), ...records], timestampMs)
}

/** From its append on the quorum has these voters. */
export function votersBatch(voters: readonly Voter[], timestampMs: number): Buffer {
  return controlBatch(votersRecords(voters), timestampMs)
}

function controlBatch(records: readonly ControlRecordInput[], timestampMs: number): Buffer {
  return buildBatch(
    records.map((record) => ({ ...encodeControlRecord(record), timestampMs })),
    { isControl: true },
  )
}

/** Where each whole batch of `buffer` begins. */
function* positions(buffer: Buffer): Generator<number> {
  for (let at = 0; at < buffer.length; at += batchSizeBytes(buffer, at)) yield at
}

/**
 * The entries that lie in `buffers`, epoch by epoch. null when these are not whole, unharmed batches that follow each
 * other: nothing that came from another node is believed before this was asked.
 */
export function checkedSpans(buffers: readonly Buffer[]): EntrySpan[] | null {
  const spans: EntrySpan[] = []
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.length; ) {
      const left = buffer.length - at
      if (left < BATCH_HEADER_BYTES) return null
      const sizeBytes = batchSizeBytes(buffer, at)
      if (sizeBytes < BATCH_HEADER_BYTES || sizeBytes > left) return null
      if (magicOf(buffer, at) !== MAGIC || !isCrcValid(buffer, at)) return null
      if (!extend(spans, leaderEpoch(buffer, at), baseOffset(buffer, at), lastOffset(buffer, at) + 1))
        return null
      at += sizeBytes
    }
  }
  return spans
}

/** One past the last offset of whole batches; they must not be empty. */
export function endOffsetOf(batches: Buffer): number {
  let endOffset = -1
  for (const at of positions(batches)) endOffset = lastOffset(batches, at) + 1
  return endOffset
}

/** Adds one batch; false when it does not follow the one before. */
function extend(spans: EntrySpan[], epoch: number, base: number, endOffset: number): boolean {
  const last = spans.at(-1)
  if (!Number.isSafeInteger(base) || base < 0 || endOffset <= base || epoch < 0) return false
  if (last === undefined) {
    spans.push({ epoch, baseOffset: base, endOffset })
    return true
  }
  if (last.endOffset !== base || last.epoch > epoch) return false
  if (last.epoch === epoch) spans[spans.length - 1] = { ...last, endOffset }
  else spans.push({ epoch, baseOffset: base, endOffset })
  return true
}

/** The metadata records in whole batches, from `fromOffset` on. Throws when one cannot be read. */
export function metadataRecordsOf(batches: Buffer, fromOffset: number): MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (const at of positions(batches)) {
    if (isControl(batches, at)) continue
    const base = baseOffset(batches, at)
    for (const record of recordsIn(batches, at)) {
      if (base + record.offsetDelta >= fromOffset && record.value !== null)
        records.push(metadataRecordOf(record.value))
    }
  }
  return records
}

/** One record of the log or of a snapshot. Throws when it cannot be read. */
export function metadataRecordOf(value: Buffer): MetadataRecord {
  const record = decodeMetadataRecord(value)
  if (!record.ok)
    throw new Error(`the metadata log holds a record that cannot be read: ${record.error.message}`)
  return record.value
}

/** The sets of voters that whole batches hold, oldest first. */
export function votersIn(batches: Buffer): VotersAt[] {
  const found: VotersAt[] = []
  for (const at of positions(batches)) {
    if (!isControl(batches, at)) continue
    for (const { key, value } of recordsIn(batches, at)) {
      if (key === null || value === null || controlTypeOf(key) !== 'kRaftVoters') continue
      const record = decodeControlRecord(key, value)
      if (!record.ok || record.value.type !== 'kRaftVoters')
        throw new Error('the metadata log holds voters that cannot be read')
      found.push({ offset: baseOffset(batches, at), voters: votersOfRecord(record.value.value) })
    }
  }
  return found
}

function recordsIn(batches: Buffer, at: number): BatchedRecord[] {
  const payload = batches.subarray(at + BATCH_HEADER_BYTES, at + batchSizeBytes(batches, at))
  if (compressionCode(batches, at) !== 0) throw new Error('the metadata log holds a compressed batch')
  const records = decodeRecords(payload, recordCount(batches, at))
  if (!records.ok)
    throw new Error(`the metadata log holds a batch that cannot be read: ${records.error.message}`)
  return records.value
}
