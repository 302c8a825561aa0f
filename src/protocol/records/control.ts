/**
 * Control records as a closed union: what the key's type says, and the value that goes with it.
 *
 * Keys are an int16 version 0 and the type. A marker's value has its version before it; all others begin with a
 * version field of their own, which must be the version they are written in.
 */
import { compile } from '../codec/compile.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import type { Input, Value } from '../schema/field.ts'
import { hasVersion, type Message } from '../schema/message.ts'
import { catchWireFault, type Decoded, EncodeError, wireError } from '../wire-error.ts'
import {
  endTxnMarker,
  kRaftVersionRecord,
  leaderChangeMessage,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  votersRecord,
} from './control-schemas.ts'

const controlTypes = {
  abort: { id: 0, message: endTxnMarker },
  commit: { id: 1, message: endTxnMarker },
  leaderChange: { id: 2, message: leaderChangeMessage },
  snapshotHeader: { id: 3, message: snapshotHeaderRecord },
  snapshotFooter: { id: 4, message: snapshotFooterRecord },
  kRaftVersion: { id: 5, message: kRaftVersionRecord },
  kRaftVoters: { id: 6, message: votersRecord },
} as const

type ControlTypes = typeof controlTypes
export type ControlType = keyof ControlTypes

export type ControlRecord = {
  readonly [T in ControlType]: { readonly type: T; readonly value: Value<ControlTypes[T]['message']> }
}[ControlType]

export type ControlRecordInput = {
  readonly [T in ControlType]: { readonly type: T; readonly value: Input<ControlTypes[T]['message']> }
}[ControlType]

const KEY_VERSION = 0

const byId = new Map<number, { readonly type: ControlType; readonly message: Message }>(
  Object.entries(controlTypes).map(([type, { id, message }]) => [id, { type: type as ControlType, message }]),
)

/** Key and value of a control record; throws `EncodeError`. */
export function encodeControlRecord(record: ControlRecordInput): {
  readonly key: Buffer
  readonly value: Buffer
} {
  const key = Buffer.allocUnsafe(4)
  key.writeInt16BE(KEY_VERSION, 0)
  key.writeInt16BE(controlTypes[record.type].id, 2)
  const writer = new Writer()
  switch (record.type) {
    case 'abort':
    case 'commit':
      writer.int16(0, 'version')
      compile(endTxnMarker, 0).encode(record.value, writer)
      break
    default: {
      const { message } = controlTypes[record.type]
      const version = record.value.version
      if (!hasVersion(message, version)) throw new EncodeError(`${message.name} has no version ${version}`)
      compile<Message['fields']>(message, version).encode(record.value, writer)
    }
  }
  return { key, value: writer.finishFlat() }
}

/** The type in a control record's key, or null when it is none that is known. */
export function controlTypeOf(key: Buffer): ControlType | null {
  if (key.length < 4 || key.readInt16BE(0) < 0) return null
  return byId.get(key.readInt16BE(2))?.type ?? null
}

/** Reads a control record; a type or version that is not known is an error of that reason. */
export function decodeControlRecord(key: Buffer, value: Buffer): Decoded<ControlRecord> {
  return catchWireFault<ControlRecord>(() => {
    const keyReader = new Reader(key)
    keyReader.int16()
    const id = keyReader.int16()
    const known = byId.get(id)
    if (known === undefined) return wireError('unknown-type', `control record of type ${id}`)
    const version = new Reader(value).int16()
    if (!hasVersion(known.message, version)) {
      return wireError('unknown-version', `${known.message.name} version ${version}`)
    }
    const isMarker = known.type === 'abort' || known.type === 'commit'
    const read = compile(known.message, version).decode(value, isMarker ? 2 : 0)
    if (!read.ok) return read
    if (read.position !== value.length) {
      return wireError('trailing-bytes', `bytes behind a ${known.message.name}`, read.position)
    }
    // The id chose the type, and the type's schema made the value.
    return {
      ok: true,
      value: { type: known.type, value: read.value } as ControlRecord,
      position: read.position,
    }
  })
}
