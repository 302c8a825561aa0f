/**
 * Messages as JSON that loses nothing, and back: the form of Kafka's JsonConverter with rules of its own.
 *
 * int64 is a decimal string; bytes and records are base64, ids base64url; a field that the version lacks is absent,
 * and so is a tagged field at its default. Reading JSON is strict: an unknown or missing field is an error.
 */

import type { Field, Fields, UnknownTaggedField } from '../schema/field.ts'
import type { Message } from '../schema/message.ts'
import { isUuid } from '../uuid.ts'
import { WireFault } from '../wire-error.ts'
import { isDefault } from './defaults.ts'
import { isNullable, isPresent } from './shape.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
export type JsonObject = { readonly [name: string]: Json }

const UNKNOWN_TAGS = '_unknownTaggedFields'

/** The JSON of a decoded message. */
export function messageToJson(message: Message, version: number, value: unknown): JsonObject {
  return structToJson(message.fields, version, value)
}

/** What an encoder takes, from JSON; raises a `WireFault` with the path of what is wrong. */
export function messageFromJson(message: Message, version: number, json: Json): Record<string, unknown> {
  return structFromJson(message.fields, version, json, message.name)
}

function propertiesOf(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error('a struct is an object')
  return new Map(Object.entries(value))
}

function structToJson(fields: Fields, version: number, value: unknown): JsonObject {
  const properties = propertiesOf(value)
  const json: Record<string, Json> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (!isPresent(field, version)) continue
    const part = properties.get(name)
    if (field.options.tag !== undefined && isDefault(field, part)) continue
    json[name] = valueToJson(field, version, part)
  }
  const unknown = properties.get(UNKNOWN_TAGS) as readonly UnknownTaggedField[] | undefined
  if (unknown !== undefined) {
    json[UNKNOWN_TAGS] = unknown.map(({ tag, data }) => ({ tag, data: data.toString('base64') }))
  }
  return json
}

function valueToJson(field: Field, version: number, value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'bigint') return value.toString()
  // JSON has no word for these.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (Buffer.isBuffer(value)) return value.toString('base64')
  const { element } = field
  if (Array.isArray(value) && element !== undefined) {
    return value.map((part) => valueToJson(element, version, part))
  }
  return structToJson(field.fields ?? {}, version, value)
}

function fault(path: string, what: string): WireFault {
  return new WireFault('json', `${path}: ${what}`, 0)
}

/** What Kafka 4.3 called fields that have another name in 4.4; still understood. */
const formerNames: Readonly<Record<string, { readonly former: string; readonly version?: number }>> = {
  generationIdOrMemberEpoch: { former: 'generationId' },
  acceptableRecoveryLagLegacy: { former: 'acceptableRecoveryLag', version: 0 },
}

function structFromJson(fields: Fields, version: number, json: Json, path: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw fault(path, 'an object is wanted')
  const given = new Map(Object.entries(json))
  const value: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (!isPresent(field, version)) continue
    const formerName = formerNames[name]
    const isFormer =
      formerName !== undefined && (formerName.version ?? version) === version && !given.has(name)
    const key = isFormer ? formerName.former : name
    const part = given.get(key)
    given.delete(key)
    if (part !== undefined) value[name] = valueFromJson(field, version, part, `${path}.${key}`)
    else if (field.options.tag === undefined) throw fault(path, `${name} is missing`)
  }
  const unknown = given.get(UNKNOWN_TAGS)
  given.delete(UNKNOWN_TAGS)
  if (unknown !== undefined) value[UNKNOWN_TAGS] = unknownFromJson(unknown, `${path}.${UNKNOWN_TAGS}`)
  for (const name of given.keys()) throw fault(path, `version ${version} has no ${name}`)
  return value
}

function unknownFromJson(json: Json, path: string): UnknownTaggedField[] {
  if (!Array.isArray(json)) throw fault(path, 'an array is wanted')
  return json.map((one: Json) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one))
      throw fault(path, 'an object is wanted')
    const { tag, data } = one as JsonObject
    if (typeof tag !== 'number' || tag >>> 0 !== tag) throw fault(path, 'a tag is wanted')
    return { tag, data: bytesFromJson(data ?? null, path) }
  })
}

/** Bytes in base64, in no other spelling than the one that is written. */
export function bytesFromJson(json: Json, path: string): Buffer {
  const bytes = typeof json === 'string' ? Buffer.from(json, 'base64') : null
  if (bytes === null || bytes.toString('base64') !== json) throw fault(path, 'base64 is wanted')
  return bytes
}

/** A decimal string of 64 bits. */
export function int64FromJson(json: Json, path: string): bigint {
  if (typeof json === 'string' && /^-?\d{1,19}$/.test(json)) {
    const value = BigInt(json)
    if (BigInt.asIntN(64, value) === value) return value
  }
  throw fault(path, 'a decimal string of 64 bits is wanted')
}

function valueFromJson(field: Field, version: number, json: Json, path: string): unknown {
  if (json === null) {
    if (!isNullable(field, version)) throw fault(path, 'may not be null')
    return null
  }
  switch (field.kind) {
    case 'bool':
      if (typeof json !== 'boolean') throw fault(path, 'a boolean is wanted')
      return json
    case 'int64':
      return int64FromJson(json, path)
    case 'float64':
      return floatFromJson(json, path)
    case 'string':
      if (typeof json !== 'string') throw fault(path, 'a string is wanted')
      return json
    case 'uuid':
      if (typeof json !== 'string' || !isUuid(json))
        throw fault(path, '22 characters of base64url are wanted')
      return json
    case 'bytes':
    case 'records':
      return bytesFromJson(json, path)
    case 'array':
      return arrayFromJson(field, version, json, path)
    case 'struct':
      return structFromJson(field.fields ?? {}, version, json, path)
    default:
      if (typeof json !== 'number' || !Number.isInteger(json)) throw fault(path, `an ${field.kind} is wanted`)
      return json
  }
}

function floatFromJson(json: Json, path: string): number {
  if (typeof json === 'number') return json
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json)
  throw fault(path, 'a number is wanted')
}

function arrayFromJson(field: Field, version: number, json: Json, path: string): unknown[] {
  const { element } = field
  if (!Array.isArray(json) || element === undefined) throw fault(path, 'an array is wanted')
  return json.map((part: Json, index) => valueFromJson(element, version, part, `${path}[${index}]`))
}
