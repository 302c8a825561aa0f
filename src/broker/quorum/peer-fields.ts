/**
 * The fields of one decoded protobuf message, read by name and held to their kind.
 *
 * A field that was not sent has its default; a message that was not sent, a negative count or a number that is not
 * exact raises an error, which the codec takes for a malformed frame. Bytes are slices of what was received.
 */
import type { Type } from 'protobufjs/light.js'

export class PeerFields {
  readonly #fields: Readonly<Record<string, unknown>>

  private constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields
  }

  /** Raises an error when the bytes are no message of that type. */
  static of(type: Type, bytes: Buffer): PeerFields {
    return new PeerFields(type.toObject(type.decode(bytes), { longs: Number, defaults: true, oneofs: true }))
  }

  /** The field of a oneof that was sent; null none. */
  chosen(oneof: string): string | null {
    const name = this.#fields[oneof]
    return typeof name === 'string' ? name : null
  }

  /** Whether a message was sent there. */
  has(name: string): boolean {
    return typeof this.#fields[name] === 'object' && this.#fields[name] !== null
  }

  message(name: string): PeerFields {
    const value = this.#fields[name]
    if (typeof value !== 'object' || value === null) throw new Error(`no ${name}`)
    return new PeerFields({ ...value })
  }

  int(name: string): number {
    const value = this.#fields[name]
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw new Error(`${name} is no whole number`)
    return value
  }

  /** An id, an epoch, an offset: never negative. */
  count(name: string): number {
    const value = this.int(name)
    if (value < 0) throw new Error(`${name} is negative`)
    return value
  }

  text(name: string): string {
    const value = this.#fields[name]
    if (typeof value !== 'string') throw new Error(`${name} is no text`)
    return value
  }

  flag(name: string): boolean {
    return this.#fields[name] === true
  }

  bytes(name: string): Buffer {
    return bufferOf(this.#fields[name], name)
  }

  bytesList(name: string): Buffer[] {
    const value = this.#fields[name]
    if (!Array.isArray(value)) throw new Error(`${name} is no list`)
    return value.map((item) => bufferOf(item, name))
  }
}

function bufferOf(value: unknown, name: string): Buffer {
  if (Buffer.isBuffer(value)) return value
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  // The default of bytes that were not sent.
  if (Array.isArray(value) && value.length === 0) return Buffer.alloc(0)
  throw new Error(`${name} is no bytes`)
}
