/**
 * Turns a schema and a version into a codec: straight-line code that asks no version while it runs.
 *
 * Source text is made from the schema's own names, never from anything received, and compiled once per
 * schema and version. Decoding never throws; encoding throws `EncodeError`, which is a bug of the caller.
 */
import type { Fields, StructInput, StructValue } from '../schema/field.ts'
import { hasVersion, isFlexible, type Message } from '../schema/message.ts'
import { type Decoded, EncodeError, WireFault } from '../wire-error.ts'
import { decoderSource } from './decoder-source.ts'
import { isDefault } from './defaults.ts'
import { encoderSource } from './encoder-source.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

/** Reads and writes one version of one message. */
export interface Codec<Value, Input> {
  readonly version: number
  /** Reads a message that begins at `position`; what follows it is not looked at. */
  decode(buffer: Buffer, position?: number): Decoded<Value>
  /** Writes a message; throws `EncodeError` when this version cannot spell it. */
  encode(value: Input, writer: Writer): void
}

type Read = (reader: Reader) => unknown
type Write = (writer: Writer, value: unknown) => void

const cache = new WeakMap<object, (Codec<unknown, unknown> | undefined)[]>()

function build(message: Message, version: number): Codec<unknown, unknown> {
  if (!hasVersion(message, version)) throw new EncodeError(`${message.name} has no version ${version}`)
  const flexible = isFlexible(message, version)
  const decoder = decoderSource(message.fields, version, flexible)
  const encoder = encoderSource(message.name, message.fields, version, flexible)
  const read: Read = new Function('constants', decoder.source)(decoder.constants)
  const write: Write = new Function('constants', 'isDefault', 'EncodeError', encoder.source)(
    encoder.constants,
    isDefault,
    EncodeError,
  )
  return {
    version,
    decode(buffer, position = 0) {
      const reader = new Reader(buffer, position)
      try {
        const value = read(reader)
        return { ok: true, value, position: reader.position }
      } catch (fault) {
        if (fault instanceof WireFault) return { ok: false, error: fault.error }
        throw fault
      }
    },
    encode: (value, writer) => write(writer, value),
  }
}

/** The codec of a message at a version, made at the first call; throws `EncodeError` for a version it lacks. */
export function compile<F extends Fields>(
  message: Message<F>,
  version: number,
): Codec<StructValue<F>, StructInput<F>> {
  let codecs = cache.get(message)
  if (codecs === undefined) {
    codecs = []
    cache.set(message, codecs)
  }
  const codec = codecs[version] ?? build(message, version)
  codecs[version] = codec
  // The source was made from this very schema, so the codec has its types.
  return codec as Codec<StructValue<F>, StructInput<F>>
}

/** Encodes in one piece, for stored records and tests. */
export function encodeToBuffer<F extends Fields>(
  message: Message<F>,
  version: number,
  value: StructInput<F>,
): Buffer {
  const writer = new Writer()
  compile(message, version).encode(value, writer)
  return writer.finishFlat()
}
