/**
 * The file that keeps the producers of a log over a restart (`.snapshot`), in Kafka's format.
 *
 * int16 version 1, uint32 CRC-32C of everything after it, int32 count, then 46 bytes an entry. Kafka writes one
 * entry a producer, its last batch; we write one for each remembered batch, oldest first, so that the whole
 * window of five survives a restart (trap 15). A Kafka that reads it keeps the last of each producer.
 */
import { crc32c } from '../protocol/records/crc32c.ts'
import { BATCHES_REMEMBERED, type ProducerEntry, type RememberedBatch } from './producer-entry.ts'
import { readTimestamp, writeTimestamp } from './time-index.ts'

const VERSION = 1
const CRC_START = 2
const COUNT_START = 6
const HEADER_BYTES = 10
const ENTRY_BYTES = 46

/** What an entry says when no data batch is remembered. */
const NO_BATCH: RememberedBatch = { lastSequence: -1, lastOffset: -1, offsetDelta: 0, timestampMs: -1 }

/** The whole file. `batchesMax` 1 gives what Kafka itself would write. */
export function encodeProducerSnapshot(
  entries: Iterable<ProducerEntry>,
  batchesMax = BATCHES_REMEMBERED,
): Buffer {
  const rows: Array<[ProducerEntry, RememberedBatch]> = []
  for (const entry of entries) {
    if (entry.batches.length === 0) rows.push([entry, NO_BATCH])
    for (const batch of entry.batches.slice(-batchesMax)) rows.push([entry, batch])
  }
  const bytes = Buffer.alloc(HEADER_BYTES + rows.length * ENTRY_BYTES)
  bytes.writeInt16BE(VERSION, 0)
  bytes.writeInt32BE(rows.length, COUNT_START)
  rows.forEach(([entry, batch], index) => {
    writeEntry(bytes, HEADER_BYTES + index * ENTRY_BYTES, entry, batch)
  })
  bytes.writeUInt32BE(crc32c(bytes, COUNT_START, bytes.length), CRC_START)
  return bytes
}

function writeEntry(bytes: Buffer, start: number, entry: ProducerEntry, batch: RememberedBatch): void {
  const isLast = batch === NO_BATCH || batch === entry.batches.at(-1)
  bytes.writeBigInt64BE(entry.producerId, start)
  bytes.writeInt16BE(entry.producerEpoch, start + 8)
  bytes.writeInt32BE(batch.lastSequence, start + 10)
  bytes.writeBigInt64BE(BigInt(batch.lastOffset), start + 14)
  bytes.writeInt32BE(batch.offsetDelta, start + 22)
  writeTimestamp(bytes, isLast ? entry.lastTimestampMs : batch.timestampMs, start + 26)
  bytes.writeInt32BE(entry.coordinatorEpoch, start + 34)
  bytes.writeBigInt64BE(BigInt(entry.transactionStartOffset), start + 38)
}

function readEntry(bytes: Buffer, start: number): ProducerEntry {
  const lastTimestampMs = readTimestamp(bytes, start + 26)
  const lastOffset = Number(bytes.readBigInt64BE(start + 14))
  const batch: RememberedBatch = {
    lastSequence: bytes.readInt32BE(start + 10),
    lastOffset,
    offsetDelta: bytes.readInt32BE(start + 22),
    timestampMs: lastTimestampMs,
  }
  return {
    producerId: bytes.readBigInt64BE(start),
    producerEpoch: bytes.readInt16BE(start + 8),
    coordinatorEpoch: bytes.readInt32BE(start + 34),
    lastTimestampMs,
    transactionStartOffset: Number(bytes.readBigInt64BE(start + 38)),
    batches: lastOffset >= 0 ? [batch] : [],
  }
}

/** One entry a producer; null when the file is torn, foreign or of another version. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerEntry[] | null {
  if (bytes.length < HEADER_BYTES || bytes.readInt16BE(0) !== VERSION) return null
  const count = bytes.readInt32BE(COUNT_START)
  if (count < 0 || bytes.length !== HEADER_BYTES + count * ENTRY_BYTES) return null
  if (bytes.readUInt32BE(CRC_START) !== crc32c(bytes, COUNT_START, bytes.length)) return null
  const byProducer = new Map<bigint, ProducerEntry>()
  for (let index = 0; index < count; index++) {
    const entry = readEntry(bytes, HEADER_BYTES + index * ENTRY_BYTES)
    const older = byProducer.get(entry.producerId)
    const joins = older !== undefined && older.producerEpoch === entry.producerEpoch
    const batches = joins ? [...older.batches, ...entry.batches].slice(-BATCHES_REMEMBERED) : entry.batches
    byProducer.set(entry.producerId, { ...entry, batches })
  }
  return [...byProducer.values()]
}
