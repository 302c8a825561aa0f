/**
 * The snapshots of the metadata log: `<end offset>-<epoch>.checkpoint` files beside its segments (KIP-630).
 *
 * Batches framed by a SnapshotHeader and a SnapshotFooter control record, in Kafka's format. A file gets its
 * name only when all of it is on the disk (trap 14); one without its footer or with a bad batch is no snapshot.
 */
import {
  BATCH_HEADER_BYTES,
  batchSizeBytes,
  isControl,
  isCrcValid,
  MAGIC,
  magicOf,
  recordCount,
} from '../protocol/records/batch.ts'
import { buildBatch, type NewRecord } from '../protocol/records/builder.ts'
import {
  type ControlRecord,
  type ControlRecordInput,
  decodeControlRecord,
  encodeControlRecord,
} from '../protocol/records/control.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import { type Disk, type DiskError, type DiskFile, joinPath } from '../runtime/disk.ts'
import { limits } from '../runtime/limits.ts'
import { readSmallFile } from './atomic-file.ts'
import { payloadOf } from './batch-records.ts'
import { toDiskError } from './disk-failures.ts'

const SUFFIX = '.checkpoint'
const PATTERN = /^(\d{20})-(\d{10})\.checkpoint$/

export interface SnapshotId {
  /** The offset after the last record that the snapshot holds. */
  readonly endOffset: number
  readonly epoch: number
}

/** What a snapshot's bytes hold. */
export interface SnapshotContent {
  /** Values of the metadata records, in order. */
  readonly values: readonly Buffer[]
  /** Header, footer, and what stands between: the quorum's version and voters. */
  readonly controls: readonly ControlRecord[]
}

export interface Snapshot extends SnapshotId, SnapshotContent {}

/** A piece of a snapshot's bytes. */
export interface SnapshotPiece {
  readonly bytes: Buffer
  readonly isLast: boolean
}

export function snapshotFileName({ endOffset, epoch }: SnapshotId): string {
  return `${String(endOffset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}${SUFFIX}`
}

/** null when the name is no snapshot's. */
export function parseSnapshotFileName(name: string): SnapshotId | null {
  const match = PATTERN.exec(name)
  return match === null ? null : { endOffset: Number(match[1]), epoch: Number(match[2]) }
}

/**
 * The batches of a snapshot. `leading` control records (the quorum's version and voters) follow the header.
 * Offsets inside begin at 0; a batch holds at most a bounded number of records and bytes.
 */
export function* snapshotBatches(
  epoch: number,
  values: Iterable<Buffer>,
  lastTimestampMs: number,
  nowMs: number,
  leading: readonly ControlRecordInput[] = [],
): IterableIterator<Buffer> {
  let baseOffset = 0
  const batch = (records: readonly NewRecord[], isControlBatch: boolean): Buffer => {
    const built = buildBatch(records, { baseOffset, leaderEpoch: epoch, isControl: isControlBatch })
    baseOffset += records.length
    return built
  }
  const control = (record: ControlRecordInput): NewRecord => ({
    ...encodeControlRecord(record),
    timestampMs: nowMs,
  })
  const header: ControlRecordInput = {
    type: 'snapshotHeader',
    value: { version: 0, lastContainedLogTimestamp: BigInt(lastTimestampMs) },
  }
  yield batch([control(header), ...leading.map(control)], true)
  let records: NewRecord[] = []
  let bytes = 0
  for (const value of values) {
    records.push({ key: null, value, timestampMs: nowMs })
    bytes += value.length
    if (bytes < limits.snapshotBatchBytesMax && records.length < limits.snapshotBatchRecordsMax) continue
    yield batch(records, false)
    records = []
    bytes = 0
  }
  if (records.length > 0) yield batch(records, false)
  yield batch([control({ type: 'snapshotFooter', value: { version: 0 } })], true)
}

/** What a snapshot's bytes hold; null when it is torn, corrupt, or lacks its frame. */
export function decodeSnapshot(bytes: Buffer): SnapshotContent | null {
  const values: Buffer[] = []
  const controls: ControlRecord[] = []
  const has = (type: ControlRecord['type']): boolean => controls.some((record) => record.type === type)
  let position = 0
  while (position < bytes.length) {
    const left = bytes.length - position
    if (left < BATCH_HEADER_BYTES || batchSizeBytes(bytes, position) > left || has('snapshotFooter'))
      return null
    if (magicOf(bytes, position) !== MAGIC || !isCrcValid(bytes, position)) return null
    const payload = payloadOf(bytes, position)
    const decoded = payload.ok ? decodeRecords(payload.bytes, recordCount(bytes, position)) : null
    if (decoded === null || !decoded.ok) return null
    for (const { key, value } of decoded.value) {
      if (value === null) return null
      if (!isControl(bytes, position)) {
        if (!has('snapshotHeader')) return null
        values.push(value)
        continue
      }
      const control = key === null ? null : decodeControlRecord(key, value)
      if (control?.ok) controls.push(control.value)
      else if (control?.error.reason !== 'unknown-type') return null
    }
    position += batchSizeBytes(bytes, position)
  }
  return has('snapshotHeader') && has('snapshotFooter') ? { values, controls } : null
}

export class MetadataSnapshots {
  readonly #disk: Disk
  readonly #folder: string
  readonly #wallMs: () => number

  /** `folder` is the metadata partition's. */
  constructor(disk: Disk, folder: string, wallMs: () => number) {
    this.#disk = disk
    this.#folder = folder
    this.#wallMs = wallMs
  }

  /** Snapshots by name, newest first; whether they are whole is not looked at. */
  list(): SnapshotId[] {
    const found: SnapshotId[] = []
    for (const { name } of this.#disk.list(this.#folder)) {
      const id = parseSnapshotFileName(name)
      if (id !== null) found.push(id)
    }
    return found.sort((a, b) => b.endOffset - a.endOffset || b.epoch - a.epoch)
  }

  /** The newest whole snapshot; null when there is none. Throws `DiskError`. */
  latest(): Snapshot | null {
    for (const id of this.list()) {
      const bytes = this.read(id)
      const content = bytes === null ? null : decodeSnapshot(bytes)
      if (content !== null) return { ...id, ...content }
    }
    return null
  }

  /** The bytes of one snapshot, for sending it to another node; null when there is none. */
  read(id: SnapshotId): Buffer | null {
    return readSmallFile(this.#disk, joinPath(this.#folder, snapshotFileName(id)))
  }

  /** Writes a snapshot, batch by batch; rejects with a `DiskError`. */
  write(
    endOffset: number,
    epoch: number,
    values: Iterable<Buffer>,
    lastTimestampMs: number,
    leading: readonly ControlRecordInput[] = [],
  ): Promise<void> {
    const batches = snapshotBatches(epoch, values, lastTimestampMs, this.#wallMs(), leading)
    return this.#writeAll({ endOffset, epoch }, batches)
  }

  /** A piece of a snapshot, for sending it to another node; null when it cannot be read. */
  readPiece(id: SnapshotId, position: number, sizeBytesMax: number): Promise<SnapshotPiece | null> {
    return new Promise((resolve) => {
      let file: DiskFile
      try {
        file = this.#disk.open(joinPath(this.#folder, snapshotFileName(id)), 'read')
      } catch (error) {
        toDiskError(error)
        resolve(null)
        return
      }
      const sizeBytes = file.sizeBytes()
      const wanted = Math.max(0, Math.min(sizeBytesMax, sizeBytes - position))
      const bytes = Buffer.allocUnsafe(wanted)
      file.read(bytes, 0, wanted, position, (error, bytesRead) => {
        file.close()
        const isWhole = error === null && bytesRead === wanted && wanted > 0
        resolve(isWhole ? { bytes, isLast: position + wanted === sizeBytes } : null)
      })
    })
  }

  /** Keeps a piece that another node sent; the first one begins the draft anew. Rejects with a `DiskError`. */
  keepPiece(id: SnapshotId, position: number, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const file = this.#disk.open(this.#receivedDraft(id), 'create')
      if (position === 0) file.truncateSync(0)
      file.write([bytes], position, (error) => {
        file.close()
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  /** Gives the snapshot whose pieces were kept its name, if it is whole; null and nothing kept when it is not. */
  async installKept(id: SnapshotId): Promise<Snapshot | null> {
    const draft = this.#receivedDraft(id)
    const bytes = readSmallFile(this.#disk, draft)
    const content = bytes === null ? null : decodeSnapshot(bytes)
    if (content === null) {
      this.#disk.remove(draft)
      return null
    }
    await new Promise<void>((resolve, reject) => {
      const finish = (error: DiskError | null): void => (error === null ? resolve() : reject(error))
      const file = this.#disk.open(draft, 'read-write')
      file.sync((error) => {
        file.close()
        if (error !== null) finish(error)
        else this.#publish(draft, joinPath(this.#folder, snapshotFileName(id)), finish)
      })
    })
    return { ...id, ...content }
  }

  #receivedDraft(id: SnapshotId): string {
    return joinPath(this.#folder, `${snapshotFileName(id).slice(0, -SUFFIX.length)}.received${SUFFIX}.part`)
  }

  #writeAll(id: SnapshotId, batches: Iterable<Buffer>): Promise<void> {
    const path = joinPath(this.#folder, snapshotFileName(id))
    const draft = `${path}.part`
    const iterator = batches[Symbol.iterator]()
    return new Promise((resolve, reject) => {
      const file = this.#disk.open(draft, 'create')
      file.truncateSync(0)
      let position = 0
      const finish = (error: DiskError | null): void => {
        if (error === null) resolve()
        else reject(error)
      }
      const close = (error: DiskError | null): void => {
        file.close()
        if (error === null) this.#publish(draft, path, finish)
        else finish(error)
      }
      const next = (): void => {
        const { value, done } = iterator.next()
        if (done === true) {
          file.sync(close)
          return
        }
        const at = position
        position += value.length
        file.write([value], at, (error) => (error === null ? next() : close(error)))
      }
      next()
    })
  }

  #publish(draft: string, path: string, finish: (error: DiskError | null) => void): void {
    try {
      this.#disk.rename(draft, path)
    } catch (error) {
      finish(toDiskError(error))
      return
    }
    this.#disk.syncDirectory(this.#folder, finish)
  }

  /** Removes snapshots older than `id`, and drafts that were never finished. */
  removeOlderThan(id: SnapshotId): void {
    for (const { name } of this.#disk.list(this.#folder)) {
      const found = parseSnapshotFileName(name)
      const isOlder = found !== null && found.endOffset < id.endOffset
      if (isOlder || name.endsWith(`${SUFFIX}.part`)) this.#disk.remove(joinPath(this.#folder, name))
    }
  }
}
