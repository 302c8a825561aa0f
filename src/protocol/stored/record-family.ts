/**
 * Records that come as key and value, the way the coordinators keep them in their topics: the key says which
 * kind of record it is (int16), the value says its version (int16), and no value means that the key is gone.
 *
 * A family is the closed list of kinds of one topic. Kinds are named without the `Key` and `Value` of their schemas.
 */
import { compile } from '../codec/compile.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import type { Input, Value } from '../schema/field.ts'
import { hasVersion, type Message } from '../schema/message.ts'
import { catchWireFault, type Decoded, wireError } from '../wire-error.ts'

/** One kind: its number and the schemas of its key (which has version 0 only) and value. */
export interface RecordKind {
  readonly id: number
  readonly key: Message
  readonly value: Message
}

export type RecordKinds = { readonly [type: string]: RecordKind }

/** Any record of the family as it is read; `value` is null for a tombstone. */
export type RecordOf<K extends RecordKinds> = {
  readonly [T in keyof K]: {
    readonly type: T
    readonly key: Value<K[T]['key']>
    readonly value: Value<K[T]['value']> | null
  }
}[keyof K]

/** Any record of the family as it may be written. */
export type RecordInputOf<K extends RecordKinds> = {
  readonly [T in keyof K]: {
    readonly type: T
    readonly key: Input<K[T]['key']>
    readonly value: Input<K[T]['value']> | null
  }
}[keyof K]

/** The bytes of a record as a batch holds them. */
export interface KeyAndValue {
  readonly key: Buffer
  readonly value: Buffer | null
}

export interface RecordFamily<K extends RecordKinds> {
  /** Spells a record; the value at its newest version unless told. Throws `EncodeError`. */
  encode(record: RecordInputOf<K>, valueVersion?: number): KeyAndValue
  /** Reads a record. Kinds and versions that are not known are errors of that reason; the caller may skip them. */
  decode(key: Buffer, value: Buffer | null): Decoded<RecordOf<K>>
}

/** Makes the codec of a closed list of kinds. */
export function recordFamily<const K extends RecordKinds>(kinds: K): RecordFamily<K> {
  const byId = new Map(Object.entries(kinds).map(([type, kind]) => [kind.id, { type, kind }]))
  return {
    encode(record, valueVersion) {
      const kind = kinds[record.type as string]
      if (kind === undefined) throw new Error(`no record kind ${String(record.type)}`)
      const key = prefixed(kind.id, kind.key, 0, record.key)
      if (record.value === null) return { key, value: null }
      const version = valueVersion ?? kind.value.versions.max
      return { key, value: prefixed(version, kind.value, version, record.value) }
    },
    decode: (key, value) =>
      catchWireFault<RecordOf<K>>(() => {
        const id = new Reader(key).int16()
        const known = byId.get(id)
        if (known === undefined) return wireError('unknown-type', `record of kind ${id}`)
        const keyRead = decodeWhole(known.kind.key, 0, key)
        if (!keyRead.ok) return keyRead
        const valueRead = value === null ? null : decodeVersioned(known.kind.value, value)
        if (valueRead !== null && !valueRead.ok) return valueRead
        const record = { type: known.type, key: keyRead.value, value: valueRead?.value ?? null }
        // The id chose the kind, and the kind's schemas made key and value.
        return { ok: true, value: record as RecordOf<K>, position: value?.length ?? 0 }
      }),
  }
}

/** An int16 and a message behind it. */
function prefixed(prefix: number, message: Message, version: number, value: unknown): Buffer {
  const writer = new Writer()
  writer.int16(prefix, message.name)
  compile(message, version).encode(value as never, writer)
  return writer.finishFlat()
}

/** The message behind a buffer's first int16, which must end where the buffer ends. */
function decodeWhole(message: Message, version: number, buffer: Buffer): Decoded<unknown> {
  const decoded = compile(message, version).decode(buffer, 2)
  if (!decoded.ok || decoded.position === buffer.length) return decoded
  return wireError(
    'trailing-bytes',
    `${buffer.length - decoded.position} bytes behind a ${message.name}`,
    decoded.position,
  )
}

/** Spells a message with its version (int16) before it: a value, a snapshot, a principal. */
export function encodeVersioned<M extends Message>(
  message: M,
  value: Input<M>,
  version = message.versions.max,
): Buffer {
  return prefixed(version, message, version, value)
}

/** Reads a message that has its version (int16) before it, and nothing behind it. */
export function decodeVersioned<M extends Message>(message: M, buffer: Buffer): Decoded<Value<M>> {
  return catchWireFault<Value<M>>(() => {
    const version = new Reader(buffer).int16()
    if (!hasVersion(message, version))
      return wireError('unknown-version', `${message.name} version ${version}`)
    return decodeWhole(message, version, buffer) as Decoded<Value<M>>
  })
}
