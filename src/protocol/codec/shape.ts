/**
 * What a schema looks like at one version: which fields are there, plain or tagged, where null may stand, and
 * the fewest bytes that a value takes. The compiler asks here once, so that its code asks nothing.
 */
import type { Field, Fields } from '../schema/field.ts'

export interface VersionedField {
  readonly name: string
  readonly field: Field
  readonly nullable: boolean
  /** Compact lengths are used for this very field. */
  readonly compact: boolean
}

export interface StructShape {
  readonly version: number
  readonly flexible: boolean
  /** Every field of the schema, in order, those that the version lacks too. */
  readonly all: readonly (readonly [string, Field])[]
  readonly plain: readonly VersionedField[]
  /** Ascending by tag. */
  readonly tagged: readonly VersionedField[]
  /** Fields that this version does not carry. */
  readonly absent: readonly (readonly [string, Field])[]
  /** Tags of later versions: known, so not to be passed through, and not to be read either. */
  readonly laterTags: readonly number[]
}

export function isPresent(field: Field, version: number): boolean {
  const { since = 0, until = Number.POSITIVE_INFINITY } = field.options
  return version >= since && version <= until
}

export function isNullable(field: Field, version: number): boolean {
  const { nullable, nullableSince, nullableUntil } = field.options
  if (nullable === true) return true
  if (nullableSince === undefined && nullableUntil === undefined) return false
  return version >= (nullableSince ?? 0) && version <= (nullableUntil ?? Number.POSITIVE_INFINITY)
}

export function shapeOf(fields: Fields, version: number, flexible: boolean): StructShape {
  const all = Object.entries(fields)
  const present = all.filter(([, field]) => isPresent(field, version))
  const versioned = ([name, field]: readonly [string, Field]): VersionedField => ({
    name,
    field,
    nullable: isNullable(field, version),
    compact: flexible && field.options.flexible !== false,
  })
  const tagOf = (entry: VersionedField): number => entry.field.options.tag ?? 0
  return {
    version,
    flexible,
    all,
    plain: present.filter(([, field]) => field.options.tag === undefined).map(versioned),
    tagged: present
      .filter(([, field]) => field.options.tag !== undefined)
      .map(versioned)
      .sort((a, b) => tagOf(a) - tagOf(b)),
    absent: all.filter(([, field]) => !isPresent(field, version)),
    laterTags: all.flatMap(([, field]) =>
      field.options.tag !== undefined && !isPresent(field, version) ? [field.options.tag] : [],
    ),
  }
}

const SCALAR_BYTES: Readonly<Record<string, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint16: 2,
  uint32: 4,
  float64: 8,
  uuid: 16,
}

/** The fewest bytes that a value of this field takes, so that counts can be held against what is left. */
export function sizeBytesMin(field: Field, version: number, flexible: boolean): number {
  const scalar = SCALAR_BYTES[field.kind]
  if (scalar !== undefined) return scalar
  if (field.kind !== 'struct') return flexible ? 1 : field.kind === 'string' ? 2 : 4
  if (isNullable(field, version)) return 1
  return structSizeBytesMin(field.fields ?? {}, version, flexible)
}

function structSizeBytesMin(fields: Fields, version: number, flexible: boolean): number {
  let total = flexible ? 1 : 0
  for (const field of Object.values(fields)) {
    if (isPresent(field, version) && field.options.tag === undefined)
      total += sizeBytesMin(field, version, flexible)
  }
  return total
}
