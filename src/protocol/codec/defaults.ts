/**
 * The value of a field that a message does not carry, and whether a value is that one.
 *
 * A tagged field is written only when it differs from its default, and a value that an older version cannot
 * carry may be dropped only when it is the default or the field says so.
 */
import type { Field, Fields } from '../schema/field.ts'
import { ZERO_UUID } from '../uuid.ts'

/** The default as the schema gives it, else zero, empty or false of its type. */
export function defaultOf(field: Field): unknown {
  const given = field.options.default
  if (given !== undefined) return given
  switch (field.kind) {
    case 'bool':
      return false
    case 'int64':
      return 0n
    case 'string':
      return ''
    case 'uuid':
      return ZERO_UUID
    case 'bytes':
    case 'records':
      return Buffer.alloc(0)
    case 'array':
      return []
    case 'struct':
      return defaultsOf(field.fields ?? {})
    default:
      return 0
  }
}

/** A struct with every field at its default. */
export function defaultsOf(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, defaultOf(field)]))
}

/** Whether a value, or its absence, is the field's default. */
export function isDefault(field: Field, value: unknown): boolean {
  if (value === undefined) return true
  const wanted = defaultOf(field)
  if (value === null || wanted === null) return value === wanted
  if (Buffer.isBuffer(value)) return Buffer.isBuffer(wanted) && value.equals(wanted)
  if (Array.isArray(value)) return Array.isArray(wanted) && value.length === 0 && wanted.length === 0
  if (field.kind === 'struct' && typeof value === 'object') {
    const parts = new Map(Object.entries(value))
    if (parts.get('_unknownTaggedFields') !== undefined) return false
    return Object.entries(field.fields ?? {}).every(([name, part]) => isDefault(part, parts.get(name)))
  }
  return value === wanted
}
