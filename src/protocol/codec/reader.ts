/**
 * Reads Kafka's primitive types from a buffer that a stranger filled.
 *
 * Throws only `WireFault`, which the entry points turn into values. Never allocates from a declared
 * size: a length or count is first held against the bytes that are left and the totals of `limits.ts`.
 */
import { protocolLimits } from '../limits.ts'
import type { UnknownTaggedField } from '../schema/field.ts'
import { readUuid } from '../uuid.ts'
import { WireFault } from '../wire-error.ts'
import { float64Bits, highWord, int64Bits, lowWord, wordBits } from './bits.ts'

export class Reader {
  readonly buffer: Buffer
  position: number
  readonly end: number
  #elementsLeft: number = protocolLimits.elementsPerMessageMax
  #tagsLeft: number = protocolLimits.taggedFieldsPerMessageMax

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.end - this.position
  }

  /** Moves past `sizeBytes` bytes and returns where they began. */
  take(sizeBytes: number): number {
    const start = this.position
    if (sizeBytes > this.end - start) {
      throw new WireFault('truncated', `${sizeBytes} bytes wanted, ${this.end - start} left`, start)
    }
    this.position = start + sizeBytes
    return start
  }

  bool(): boolean {
    return this.buffer[this.take(1)] !== 0
  }

  int8(): number {
    return ((this.buffer[this.take(1)] as number) << 24) >> 24
  }

  uint16(): number {
    const at = this.take(2)
    const b = this.buffer
    return ((b[at] as number) << 8) | (b[at + 1] as number)
  }

  int16(): number {
    return (this.uint16() << 16) >> 16
  }

  int32(): number {
    const at = this.take(4)
    const b = this.buffer
    return (
      ((b[at] as number) << 24) |
      ((b[at + 1] as number) << 16) |
      ((b[at + 2] as number) << 8) |
      (b[at + 3] as number)
    )
  }

  uint32(): number {
    return this.int32() >>> 0
  }

  int64(): bigint {
    wordBits[highWord] = this.int32()
    wordBits[lowWord] = this.int32()
    return int64Bits[0] as bigint
  }

  float64(): number {
    wordBits[highWord] = this.int32()
    wordBits[lowWord] = this.int32()
    return float64Bits[0] as number
  }

  uuid(): string {
    return readUuid(this.buffer, this.take(16))
  }

  /** An unsigned varint of up to 32 bits. */
  uvarint(): number {
    const start = this.position
    const b = this.buffer
    let value = 0
    for (let i = 0; i < protocolLimits.varintSizeBytesMax; i++) {
      const byte = b[this.take(1)] as number
      value |= (byte & 0x7f) << (7 * i)
      if (byte < 0x80) {
        if (i === 4 && byte > 0x0f) break
        return value >>> 0
      }
    }
    throw new WireFault('varint', 'varint of more than 32 bits', start)
  }

  /** A zigzag varint of up to 32 bits. */
  varint(): number {
    const raw = this.uvarint()
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** A zigzag varint of up to 64 bits. */
  varlong(): bigint {
    const start = this.position
    let low = 0
    let high = 0
    for (let i = 0; i < protocolLimits.varlongSizeBytesMax; i++) {
      const byte = this.buffer[this.take(1)] as number
      const seven = byte & 0x7f
      if (i < 4) low |= seven << (7 * i)
      else if (i === 4) {
        low |= seven << 28
        high |= seven >>> 4
      } else high |= seven << (7 * i - 32)
      if (byte < 0x80) {
        if (i === 9 && byte > 1) break
        const sign = -(low & 1)
        wordBits[lowWord] = ((low >>> 1) | (high << 31)) ^ sign
        wordBits[highWord] = (high >>> 1) ^ sign
        return int64Bits[0] as bigint
      }
    }
    throw new WireFault('varint', 'varint of more than 64 bits', start)
  }

  /** Length before a string of an old version: int16, -1 for null. */
  length16(): number {
    return this.#checked(this.int16())
  }

  /** Length before bytes and records of an old version: int32, -1 for null. */
  length32(): number {
    return this.#checked(this.int32())
  }

  /** Length of a flexible version: unsigned varint of the length plus one, 0 for null. */
  compactLength(): number {
    return this.#checked(this.uvarint() - 1)
  }

  /** Count before an array of an old version, -1 for null; each element has at least `elementSizeBytesMin`. */
  count32(elementSizeBytesMin: number): number {
    return this.#counted(this.int32(), elementSizeBytesMin)
  }

  /** Count of a flexible version, -1 for null. */
  compactCount(elementSizeBytesMin: number): number {
    return this.#counted(this.uvarint() - 1, elementSizeBytesMin)
  }

  /** The text of `sizeBytes` bytes of UTF-8; what is no UTF-8 becomes U+FFFD. */
  text(sizeBytes: number): string {
    const start = this.take(sizeBytes)
    return sizeBytes === 0 ? '' : this.buffer.toString('utf8', start, start + sizeBytes)
  }

  /** A copy of the next bytes, in memory of their own. */
  copy(sizeBytes: number): Buffer {
    const start = this.take(sizeBytes)
    const copy = Buffer.allocUnsafeSlow(sizeBytes)
    this.buffer.copy(copy, 0, start, start + sizeBytes)
    return copy
  }

  /** The next bytes as a slice of the buffer that is read. */
  slice(sizeBytes: number): Buffer {
    const start = this.take(sizeBytes)
    return this.buffer.subarray(start, start + sizeBytes)
  }

  /** The byte before a nullable struct: whether a struct follows. */
  present(): boolean {
    const marker = this.int8()
    if (marker === 1) return true
    if (marker === -1) return false
    throw new WireFault('marker', `${marker} before a nullable struct`, this.position - 1)
  }

  /** The same inside a tagged field, where Kafka writes 0 for null. */
  taggedPresent(): boolean {
    const marker = this.int8()
    if (marker === 1) return true
    if (marker === 0) return false
    throw new WireFault('marker', `${marker} before a nullable tagged struct`, this.position - 1)
  }

  /** How many tagged fields follow. */
  tagCount(): number {
    const count = this.uvarint()
    if (count === 0) return 0
    if (count * 2 > this.remaining) {
      throw new WireFault('count', `${count} tagged fields in ${this.remaining} bytes`, this.position)
    }
    if ((this.#tagsLeft -= count) < 0) throw new WireFault('limit', 'too many tagged fields', this.position)
    return count
  }

  /** The size of a tagged field; returns the position at which it ends. */
  tagEnd(): number {
    const sizeBytes = this.uvarint()
    if (sizeBytes > this.remaining) {
      throw new WireFault('truncated', `tagged field of ${sizeBytes} bytes`, this.position)
    }
    return this.position + sizeBytes
  }

  /** Refuses a known tagged field whose content is shorter or longer than it said. */
  tagDone(end: number): void {
    if (this.position !== end) throw new WireFault('tag', 'tagged field of another size', this.position)
  }

  /** Adds an unknown tagged field to those of its struct, which stay in ascending order. */
  unknownTag(fields: UnknownTaggedField[] | undefined, tag: number, end: number): UnknownTaggedField[] {
    const data = this.copy(end - this.position)
    if (fields === undefined) return [{ tag, data }]
    let at = fields.length
    while (at > 0 && (fields[at - 1] as UnknownTaggedField).tag > tag) at--
    if (at > 0 && fields[at - 1]?.tag === tag) throw this.refuseTag(tag, 'is there twice')
    fields.splice(at, 0, { tag, data })
    return fields
  }

  refuseTag(tag: number, why: string): WireFault {
    return new WireFault('tag', `tag ${tag} ${why}`, this.position)
  }

  refuseNull(field: string): WireFault {
    return new WireFault('null', `${field} may not be null`, this.position)
  }

  #checked(length: number): number {
    if (length > this.end - this.position || length < -1) {
      throw new WireFault('length', `length ${length}, ${this.remaining} bytes left`, this.position)
    }
    return length
  }

  #counted(count: number, elementSizeBytesMin: number): number {
    if (count <= 0) {
      if (count < -1) throw new WireFault('count', `count ${count}`, this.position)
      return count
    }
    if (count * elementSizeBytesMin > this.end - this.position) {
      throw new WireFault('count', `${count} elements in ${this.remaining} bytes`, this.position)
    }
    if ((this.#elementsLeft -= count) < 0) {
      throw new WireFault('limit', 'too many array elements', this.position)
    }
    return count
  }
}
