/**
 * Writes Kafka's primitive types into memory that grows, and keeps large records as chunks of their own.
 *
 * Small messages are cut one after another from a shared slab, which is never written again where a finished
 * message lies; the garbage collector takes it when the last of them is sent. A writer is used for one message:
 * write, `finish()`, done. Throws `EncodeError` for what cannot be spelled; that is the caller's bug.
 */
import { protocolLimits } from '../limits.ts'
import type { UnknownTaggedField } from '../schema/field.ts'
import { isUuid, ZERO_UUID } from '../uuid.ts'
import { EncodeError } from '../wire-error.ts'
import { float64Bits, highWord, int64Bits, lowWord, wordBits } from './bits.ts'

interface Slab {
  readonly buffer: Buffer
  position: number
}

/** The slab that the next writer takes over, unless another writer has it. */
let idleSlab: Slab | null = null

/** Records that stay where they are, and the offset in the written bytes at which they belong. */
interface Passed {
  readonly offset: number
  readonly buffer: Buffer
}

/** Texts up to this length are tried as ASCII, character by character. */
const SHORT_TEXT_LENGTH_MAX = 40

export class Writer {
  #buffer: Buffer
  #position: number
  #start: number
  #limit: number
  #slab: Slab | null
  #passed: Passed[] | null = null
  #passedSizeBytes = 0

  constructor() {
    let slab = idleSlab
    if (slab === null || slab.buffer.length - slab.position < 512) {
      slab = { buffer: Buffer.allocUnsafeSlow(protocolLimits.writerSlabSizeBytes), position: 0 }
    }
    idleSlab = null
    this.#slab = slab
    this.#buffer = slab.buffer
    this.#position = slab.position
    this.#start = slab.position
    this.#limit = slab.buffer.length
  }

  /** Bytes written so far, passed records included. */
  get sizeBytes(): number {
    return this.#position - this.#start + this.#passedSizeBytes
  }

  /** Ends the message: its chunks in order. The writer must not be used again. */
  finish(): Buffer[] {
    const chunks: Buffer[] = []
    let from = this.#start
    for (const { offset, buffer } of this.#passed ?? []) {
      const to = this.#start + offset
      if (to > from) chunks.push(this.#buffer.subarray(from, to))
      chunks.push(buffer)
      from = to
    }
    if (this.#position > from) chunks.push(this.#buffer.subarray(from, this.#position))
    if (this.#slab !== null) {
      this.#slab.position = this.#position
      idleSlab = this.#slab
      this.#slab = null
    }
    this.#limit = this.#position
    return chunks
  }

  /** Ends the message in one buffer, which may be a slice of the slab; copies when there is more than one chunk. */
  finishFlat(): Buffer {
    const chunks = this.finish()
    const [only] = chunks
    return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
  }

  /** Overwrites four bytes that were written as an int32, at that offset before any passed records. */
  patchInt32(offset: number, value: number): void {
    this.#buffer.writeInt32BE(value, this.#start + offset)
  }

  bool(value: boolean, field: string): void {
    if (typeof value !== 'boolean') throw wrongValue(field, 'bool', value)
    this.#byte(value ? 1 : 0)
  }

  int8(value: number, field: string): void {
    if ((value << 24) >> 24 !== value) throw wrongValue(field, 'int8', value)
    this.#byte(value)
  }

  int16(value: number, field: string): void {
    if ((value << 16) >> 16 !== value) throw wrongValue(field, 'int16', value)
    this.#word16(value)
  }

  uint16(value: number, field: string): void {
    if ((value & 0xffff) !== value) throw wrongValue(field, 'uint16', value)
    this.#word16(value)
  }

  int32(value: number, field: string): void {
    if ((value | 0) !== value) throw wrongValue(field, 'int32', value)
    this.#word32(value)
  }

  uint32(value: number, field: string): void {
    if (value >>> 0 !== value) throw wrongValue(field, 'uint32', value)
    this.#word32(value)
  }

  int64(value: bigint, field: string): void {
    if (typeof value !== 'bigint') throw wrongValue(field, 'int64', value)
    int64Bits[0] = value
    const high = wordBits[highWord] as number
    const low = wordBits[lowWord] as number
    this.#word32(high)
    this.#word32(low)
  }

  float64(value: number, field: string): void {
    if (typeof value !== 'number') throw wrongValue(field, 'float64', value)
    float64Bits[0] = value
    const high = wordBits[highWord] as number
    const low = wordBits[lowWord] as number
    this.#word32(high)
    this.#word32(low)
  }

  uuid(value: string, field: string): void {
    const at = this.#reserve(16)
    if (value === ZERO_UUID) {
      this.#buffer.fill(0, at, at + 16)
      return
    }
    if (typeof value !== 'string' || !isUuid(value)) throw wrongValue(field, 'uuid', value)
    this.#buffer.write(value, at, 16, 'base64url')
  }

  /** An unsigned varint of up to 32 bits. */
  uvarint(value: number): void {
    const at = this.#reserve(5)
    this.#position = this.#putUvarint(at, value)
  }

  /** A zigzag varint of up to 32 bits. */
  varint(value: number): void {
    this.uvarint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  /** A zigzag varint of up to 64 bits. */
  varlong(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    while (rest > 0x7fn) {
      this.#byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.#byte(Number(rest))
  }

  /** A string with an int16 length. */
  text16(value: string, field: string): void {
    if (typeof value !== 'string') throw wrongValue(field, 'string', value)
    if (this.#shortText(value, 2)) return
    const sizeBytes = Buffer.byteLength(value)
    if (sizeBytes > 0x7fff) throw new EncodeError(`${field}: ${sizeBytes} bytes are too long for a string`)
    this.#word16(sizeBytes)
    const at = this.#reserve(sizeBytes)
    this.#buffer.write(value, at, sizeBytes, 'utf8')
  }

  /** A string with a compact length. */
  compactText(value: string, field: string): void {
    if (typeof value !== 'string') throw wrongValue(field, 'string', value)
    if (this.#shortText(value, 1)) return
    const sizeBytes = Buffer.byteLength(value)
    if (sizeBytes > 0x7fff) throw new EncodeError(`${field}: ${sizeBytes} bytes are too long for a string`)
    this.uvarint(sizeBytes + 1)
    const at = this.#reserve(sizeBytes)
    this.#buffer.write(value, at, sizeBytes, 'utf8')
  }

  /** Bytes without a length before them, copied. */
  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length)
    this.#buffer.set(value, at)
  }

  /** Bytes with an int32 length. */
  bytes32(value: Buffer, field: string): void {
    if (!(value instanceof Uint8Array)) throw wrongValue(field, 'bytes', value)
    this.#word32(value.length)
    this.raw(value)
  }

  /** Bytes with a compact length. */
  compactBytes(value: Buffer, field: string): void {
    if (!(value instanceof Uint8Array)) throw wrongValue(field, 'bytes', value)
    this.uvarint(value.length + 1)
    this.raw(value)
  }

  /** Records with an int32 length; large ones are passed on, not copied. */
  records32(value: Buffer | readonly Buffer[], field: string): void {
    this.#word32(recordsSizeBytes(value, field))
    this.#records(value)
  }

  /** Records with a compact length. */
  compactRecords(value: Buffer | readonly Buffer[], field: string): void {
    this.uvarint(recordsSizeBytes(value, field) + 1)
    this.#records(value)
  }

  /** Begins a tagged field; pass the result to `endTag`. */
  beginTag(tag: number): number {
    this.uvarint(tag)
    return this.#reserve(1) - this.#start
  }

  /** Ends a tagged field: puts its size before it. */
  endTag(offset: number): void {
    const at = this.#start + offset
    const sizeBytes = this.#position - at - 1
    if (sizeBytes > 0x7f) {
      const shift = sizeBytes > 0xfffffff ? 4 : sizeBytes > 0x1fffff ? 3 : sizeBytes > 0x3fff ? 2 : 1
      this.#reserve(shift)
      const moved = this.#start + offset + 1
      this.#buffer.copyWithin(moved + shift, moved, moved + sizeBytes)
    }
    this.#putUvarint(this.#start + offset, sizeBytes)
  }

  /**
   * Writes the unknown tagged fields from `index` on whose tag is below `tag`; returns the index behind them.
   * They must ascend and keep clear of the known tags, as Kafka demands.
   */
  unknownTags(fields: readonly UnknownTaggedField[], index: number, tag: number): number {
    let i = index
    for (let field = fields[i]; field !== undefined && field.tag < tag; field = fields[++i]) {
      if (i > 0 && (fields[i - 1] as UnknownTaggedField).tag >= field.tag) {
        throw new EncodeError(`unknown tagged field ${field.tag} is not in ascending order`)
      }
      this.uvarint(field.tag)
      this.uvarint(field.data.length)
      this.raw(field.data)
    }
    if (fields[i]?.tag === tag) throw new EncodeError(`unknown tagged field ${tag} has a known tag`)
    return i
  }

  #shortText(value: string, prefixSizeBytes: 1 | 2): boolean {
    const length = value.length
    if (length > SHORT_TEXT_LENGTH_MAX) return false
    const start = this.#reserve(prefixSizeBytes + length)
    const b = this.#buffer
    let at = start + prefixSizeBytes
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) {
        this.#position = start
        return false
      }
      b[at++] = code
    }
    if (prefixSizeBytes === 1) b[start] = length + 1
    else {
      b[start] = 0
      b[start + 1] = length
    }
    return true
  }

  #records(value: Buffer | readonly Buffer[]): void {
    if (Array.isArray(value)) for (const buffer of value) this.#pass(buffer)
    else this.#pass(value as Buffer)
  }

  #pass(buffer: Buffer): void {
    if (buffer.length <= protocolLimits.recordsCopySizeBytesMax) {
      this.raw(buffer)
      return
    }
    this.#passed ??= []
    this.#passed.push({ offset: this.#position - this.#start, buffer })
    this.#passedSizeBytes += buffer.length
  }

  /** Writes a varint where room is reserved; returns the position behind it. */
  #putUvarint(position: number, value: number): number {
    const b = this.#buffer
    let at = position
    let rest = value
    while (rest > 0x7f) {
      b[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    b[at++] = rest
    return at
  }

  // Room is reserved before the buffer is looked at, for growing replaces it.
  #byte(value: number): void {
    const at = this.#reserve(1)
    this.#buffer[at] = value
  }

  #word16(value: number): void {
    const at = this.#reserve(2)
    const b = this.#buffer
    b[at] = value >>> 8
    b[at + 1] = value
  }

  #word32(value: number): void {
    const at = this.#reserve(4)
    const b = this.#buffer
    b[at] = value >>> 24
    b[at + 1] = value >>> 16
    b[at + 2] = value >>> 8
    b[at + 3] = value
  }

  #reserve(sizeBytes: number): number {
    if (this.#position + sizeBytes > this.#limit) this.#grow(sizeBytes)
    const at = this.#position
    this.#position = at + sizeBytes
    return at
  }

  /** Moves what is written into memory of its own, at least twice as large; the slab stays for the next. */
  #grow(sizeBytes: number): void {
    const written = this.#position - this.#start
    if (this.#slab === null && this.#limit === this.#position && written === 0) {
      throw new EncodeError('written to after finish')
    }
    const capacity = Math.max(2 * (written + sizeBytes), 4 * 1024)
    const buffer = Buffer.allocUnsafeSlow(capacity)
    this.#buffer.copy(buffer, 0, this.#start, this.#position)
    if (this.#slab !== null) {
      idleSlab ??= this.#slab
      this.#slab = null
    }
    this.#buffer = buffer
    this.#start = 0
    this.#position = written
    this.#limit = capacity
  }
}

function recordsSizeBytes(value: Buffer | readonly Buffer[], field: string): number {
  if (value instanceof Uint8Array) return value.length
  if (!Array.isArray(value)) throw wrongValue(field, 'records', value)
  let sizeBytes = 0
  for (const buffer of value) sizeBytes += buffer.length
  return sizeBytes
}

function wrongValue(field: string, type: string, value: unknown): EncodeError {
  return new EncodeError(`${field}: ${String(value)} is no ${type}`)
}
