/** Values of any message at any version, for property tests: made from the schema, null where it may be. */
import fc from 'fast-check'
import { isNullable, isPresent } from '../../src/protocol/codec/shape.ts'
import type { Field, Fields } from '../../src/protocol/schema/field.ts'
import { ZERO_UUID } from '../../src/protocol/uuid.ts'

const uuids = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'))
const buffers = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary-ascii', maxLength: 90 }),
  fc.constantFrom('', 'a topic', 'größe', '日本語', '🚀'),
)

function scalarOf(kind: Field['kind']): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'bool':
      return fc.boolean()
    case 'int8':
      return fc.integer({ min: -128, max: 127 })
    case 'int16':
      return fc.integer({ min: -32768, max: 32767 })
    case 'uint16':
      return fc.integer({ min: 0, max: 65535 })
    case 'int32':
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    case 'uint32':
      return fc.integer({ min: 0, max: 2 ** 32 - 1 })
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    case 'float64':
      return fc.double({ noNaN: true })
    case 'string':
      return texts
    case 'uuid':
      return fc.oneof({ weight: 1, arbitrary: fc.constant(ZERO_UUID) }, { weight: 3, arbitrary: uuids })
    default:
      return buffers
  }
}

function fieldValueOf(field: Field, version: number, flexible: boolean): fc.Arbitrary<unknown> {
  if (field.kind === 'struct') return structOf(field.fields ?? {}, version, flexible)
  if (field.kind !== 'array' || field.element === undefined) return scalarOf(field.kind)
  return fc.array(fieldValueOf(field.element, version, flexible), { maxLength: 3 })
}

/** A struct with every field that the version has, and sometimes tagged fields that nobody knows. */
export function structOf(
  fields: Fields,
  version: number,
  flexible: boolean,
): fc.Arbitrary<Record<string, unknown>> {
  const present = Object.entries(fields).filter(([, field]) => isPresent(field, version))
  const known = fc.record(
    Object.fromEntries(
      present.map(([name, field]) => {
        const value = fieldValueOf(field, version, flexible)
        return [name, isNullable(field, version) ? fc.option(value, { freq: 4 }) : value]
      }),
    ),
  )
  if (!flexible) return known
  const unknown = fc.uniqueArray(fc.tuple(fc.integer({ min: 100, max: 20000 }), buffers), {
    selector: ([tag]) => tag,
    maxLength: 2,
  })
  return fc.tuple(known, unknown).map(([value, tags]) => {
    if (tags.length === 0) return value
    const sorted = tags.sort(([a], [b]) => a - b).map(([tag, data]) => ({ tag, data }))
    return { ...value, _unknownTaggedFields: sorted }
  })
}
