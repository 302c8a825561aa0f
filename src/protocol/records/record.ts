/**
 * One record inside a batch of magic 2: how it is read from the batch's (uncompressed) payload, and written.
 *
 * Lengths and deltas are zigzag varints; null and empty keys, values and header values differ. Every length is
 * held against the bytes that are there. Keys and values are slices of the payload (KIP-98).
 */
import { Reader } from '../codec/reader.ts'
import { protocolLimits } from '../limits.ts'
import { catchWireFault, type Decoded, WireFault } from '../wire-error.ts'

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** A record as its batch holds it: offset and time relative to the batch's base. */
export interface BatchedRecord {
  readonly offsetDelta: number
  readonly timestampDelta: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

const NO_HEADERS: readonly RecordHeader[] = []

/** A record has at least its length, attributes, two deltas, two lengths and a count. */
export const RECORD_SIZE_BYTES_MIN = 7
const HEADER_SIZE_BYTES_MIN = 2

/** Walks over the records of a payload, one `next` at a time. */
export class RecordCursor {
  readonly #reader: Reader

  constructor(payload: Buffer, position = 0, end = payload.length) {
    this.#reader = new Reader(payload, position, end)
  }

  get atEnd(): boolean {
    return this.#reader.remaining === 0
  }

  get position(): number {
    return this.#reader.position
  }

  /** Reads the next record; raises a `WireFault` when it is malformed. */
  next(): BatchedRecord {
    const reader = this.#reader
    const sizeBytes = reader.varint()
    const start = reader.position
    if (sizeBytes < 0 || sizeBytes > reader.remaining) this.#fault(`a record of ${sizeBytes} bytes`)
    reader.take(1)
    const timestampDelta = reader.varlong()
    const offsetDelta = reader.varint()
    const key = this.#bytes()
    const value = this.#bytes()
    const headers = this.#headers()
    if (reader.position !== start + sizeBytes) {
      this.#fault(`a record says ${sizeBytes} bytes and has ${reader.position - start}`)
    }
    return { offsetDelta, timestampDelta, key, value, headers }
  }

  #headers(): readonly RecordHeader[] {
    const count = this.#reader.varint()
    if (count === 0) return NO_HEADERS
    if (count < 0 || count * HEADER_SIZE_BYTES_MIN > this.#reader.remaining) this.#fault(`${count} headers`)
    const headers: RecordHeader[] = []
    for (let index = 0; index < count; index++) {
      const length = this.#reader.varint()
      if (length < 0) this.#fault('a header without a key')
      headers.push({ key: this.#reader.text(length), value: this.#bytes() })
    }
    return headers
  }

  #bytes(): Buffer | null {
    const length = this.#reader.varint()
    if (length === -1) return null
    if (length < 0) this.#fault(`a length of ${length}`)
    return this.#reader.slice(length)
  }

  #fault(message: string): never {
    throw new WireFault('records', message, this.#reader.position)
  }
}

/** All records of an uncompressed payload, which must hold exactly `count` of them. */
export function decodeRecords(payload: Buffer, count: number): Decoded<BatchedRecord[]> {
  return catchWireFault<BatchedRecord[]>(() => {
    const cursor = new RecordCursor(payload)
    const records: BatchedRecord[] = []
    let elements = 0
    while (!cursor.atEnd && records.length < count) {
      const record = cursor.next()
      records.push(record)
      if ((elements += 1 + record.headers.length) > protocolLimits.recordsAndHeadersPerBatchMax) {
        throw new WireFault('limit', 'too many records and headers in one batch', cursor.position)
      }
    }
    if (records.length !== count || !cursor.atEnd) {
      throw new WireFault('records', `${count} records are declared, the bytes hold others`, cursor.position)
    }
    return { ok: true, value: records, position: cursor.position }
  })
}

function zigzag(value: number): number {
  return (value << 1) ^ (value >> 31)
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = zigzag(value) >>> 7; rest !== 0; rest >>>= 7) bytes++
  return bytes
}

function varlongBytes(value: bigint): number {
  let bytes = 1
  for (let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)) >> 7n; rest !== 0n; rest >>= 7n) bytes++
  return bytes
}

function fieldBytes(field: Buffer | null): number {
  return field === null ? 1 : varintBytes(field.length) + field.length
}

/** Bytes of a record without its own length. */
function bodyBytes(record: BatchedRecord): number {
  let size = 1 + varlongBytes(record.timestampDelta) + varintBytes(record.offsetDelta)
  size += fieldBytes(record.key) + fieldBytes(record.value) + varintBytes(record.headers.length)
  for (const header of record.headers) {
    const keyBytes = Buffer.byteLength(header.key)
    size += varintBytes(keyBytes) + keyBytes + fieldBytes(header.value)
  }
  return size
}

/** Bytes of a record with its length. */
export function recordSizeBytes(record: BatchedRecord): number {
  const body = bodyBytes(record)
  return varintBytes(body) + body
}

/** Writes a record at `position`; the answer is where it ends. The room must be there. */
export function writeRecord(target: Buffer, position: number, record: BatchedRecord): number {
  let at = writeVarint(target, position, bodyBytes(record))
  target[at++] = 0
  at = writeVarlong(target, at, record.timestampDelta)
  at = writeVarint(target, at, record.offsetDelta)
  at = writeField(target, at, record.key)
  at = writeField(target, at, record.value)
  at = writeVarint(target, at, record.headers.length)
  for (const header of record.headers) {
    at = writeField(target, at, Buffer.from(header.key))
    at = writeField(target, at, header.value)
  }
  return at
}

function writeVarint(target: Buffer, position: number, value: number): number {
  let at = position
  let rest = zigzag(value) >>> 0
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at++] = rest
  return at
}

function writeVarlong(target: Buffer, position: number, value: bigint): number {
  let at = position
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  while (rest > 0x7fn) {
    target[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  target[at++] = Number(rest)
  return at
}

function writeField(target: Buffer, position: number, field: Buffer | null): number {
  if (field === null) return writeVarint(target, position, -1)
  const at = writeVarint(target, position, field.length)
  return at + field.copy(target, at)
}
