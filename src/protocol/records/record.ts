/**
 * One record inside a batch of magic 2: how it is read from the batch's (uncompressed) payload, and written.
 *
 * Lengths and deltas are zigzag varints; null and empty keys, values and header values differ. Every length is
 * held against the bytes that are there. Keys and values are slices of the payload (KIP-98).
 */
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

const VARINT_BYTES_MAX = 5
const VARLONG_BYTES_MAX = 10

/** Walks over the records of a payload, one `next` at a time. */
export class RecordCursor {
  readonly #payload: Buffer
  #position: number
  readonly #end: number

  constructor(payload: Buffer, position = 0, end = payload.length) {
    this.#payload = payload
    this.#position = position
    this.#end = end
  }

  get atEnd(): boolean {
    return this.#position >= this.#end
  }

  get position(): number {
    return this.#position
  }

  /** Reads the next record; raises a `WireFault` when it is malformed. */
  next(): BatchedRecord {
    const size = this.#varint()
    const start = this.#position
    if (size < 0 || size > this.#end - start) this.#fault(`a record of ${size} bytes`)
    this.#take(1)
    const timestampDelta = this.#varlong()
    const offsetDelta = this.#varint()
    const key = this.#bytes()
    const value = this.#bytes()
    const headers = this.#headers()
    if (this.#position !== start + size)
      this.#fault(`a record says ${size} bytes and has ${this.#position - start}`)
    return { offsetDelta, timestampDelta, key, value, headers }
  }

  #headers(): RecordHeader[] {
    const count = this.#varint()
    if (count < 0 || count > this.#end - this.#position) this.#fault(`${count} headers`)
    const headers: RecordHeader[] = []
    for (let index = 0; index < count; index++) {
      const key = this.#bytes()
      if (key === null) this.#fault('a header without a key')
      headers.push({ key: key.toString('utf8'), value: this.#bytes() })
    }
    return headers
  }

  #bytes(): Buffer | null {
    const length = this.#varint()
    if (length === -1) return null
    if (length < 0) this.#fault(`a length of ${length}`)
    const start = this.#take(length)
    return this.#payload.subarray(start, start + length)
  }

  #take(size: number): number {
    const start = this.#position
    if (size > this.#end - start) this.#fault(`${size} bytes are wanted, ${this.#end - start} are left`)
    this.#position = start + size
    return start
  }

  #varint(): number {
    let value = 0
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = this.#payload[this.#take(1)] ?? 0
      value |= (byte & 0x7f) << (7 * index)
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    return this.#fault('a varint is longer than 5 bytes')
  }

  #varlong(): bigint {
    let value = 0n
    for (let index = 0; index < VARLONG_BYTES_MAX; index++) {
      const byte = this.#payload[this.#take(1)] ?? 0
      value |= BigInt(byte & 0x7f) << BigInt(7 * index)
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
    }
    return this.#fault('a varlong is longer than 10 bytes')
  }

  #fault(message: string): never {
    throw new WireFault('records', message, this.#position)
  }
}

/** All records of an uncompressed payload, which must hold exactly `count` of them. */
export function decodeRecords(payload: Buffer, count: number): Decoded<BatchedRecord[]> {
  return catchWireFault<BatchedRecord[]>(() => {
    const cursor = new RecordCursor(payload)
    const records: BatchedRecord[] = []
    while (!cursor.atEnd && records.length < count) records.push(cursor.next())
    if (records.length !== count || !cursor.atEnd)
      throw new WireFault('records', `${count} records are declared, the bytes hold others`, cursor.position)
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
