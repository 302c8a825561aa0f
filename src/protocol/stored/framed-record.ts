/**
 * Records whose value says itself what it is: frame version 1, type and version as unsigned varints, then the
 * message (KIP-631). The metadata log and the topic of the remote log hold such records.
 */
import { compile } from '../codec/compile.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import type { Input, Value } from '../schema/field.ts'
import { hasVersion, type Message } from '../schema/message.ts'
import { catchWireFault, type Decoded, EncodeError, wireError } from '../wire-error.ts'

const FRAME_VERSION = 1

/** The closed list of record types: number and schema of each. */
export type FramedTypes = { readonly [type: string]: { readonly id: number; readonly message: Message } }

/** Any record of the list as it is read. */
export type FramedOf<T extends FramedTypes> = {
  readonly [K in keyof T]: { readonly type: K; readonly value: Value<T[K]['message']> }
}[keyof T]

/** Any record of the list as it may be written. */
export type FramedInputOf<T extends FramedTypes> = {
  readonly [K in keyof T]: { readonly type: K; readonly value: Input<T[K]['message']> }
}[keyof T]

export interface FramedRecords<T extends FramedTypes> {
  /** Spells a record, at its newest version unless told. Throws `EncodeError`. */
  encode(record: FramedInputOf<T>, version?: number): Buffer
  /** Reads a record; a type or version that is not known is an error of that reason. */
  decode(buffer: Buffer): Decoded<FramedOf<T>>
}

/** Makes the codec of a closed list of record types. */
export function framedRecords<const T extends FramedTypes>(types: T): FramedRecords<T> {
  const byId = new Map(Object.entries(types).map(([type, { id, message }]) => [id, { type, message }]))
  return {
    encode(record, version) {
      const known = types[record.type as string]
      if (known === undefined) throw new EncodeError(`no record type ${String(record.type)}`)
      const wanted = version ?? known.message.versions.max
      const writer = new Writer()
      writer.uvarint(FRAME_VERSION)
      writer.uvarint(known.id)
      writer.uvarint(wanted)
      compile(known.message, wanted).encode(record.value as never, writer)
      return writer.finishFlat()
    },
    decode: (buffer) =>
      catchWireFault<FramedOf<T>>(() => {
        const reader = new Reader(buffer)
        const frameVersion = reader.uvarint()
        if (frameVersion !== FRAME_VERSION)
          return wireError('unknown-version', `frame version ${frameVersion}`)
        const id = reader.uvarint()
        const known = byId.get(id)
        if (known === undefined) return wireError('unknown-type', `record type ${id}`, 1)
        const version = reader.uvarint()
        if (!hasVersion(known.message, version)) {
          return wireError('unknown-version', `${known.type} version ${version}`, 2)
        }
        const read = compile(known.message, version).decode(buffer, reader.position)
        if (!read.ok) return read
        if (read.position !== buffer.length) {
          return wireError('trailing-bytes', `bytes behind a ${known.type}`, read.position)
        }
        // The id chose the type, and the type's schema made the value.
        return {
          ok: true,
          value: { type: known.type, value: read.value } as FramedOf<T>,
          position: read.position,
        }
      }),
  }
}
