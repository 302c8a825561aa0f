/**
 * The schema language: one constructor per type of Kafka's message format.
 *
 * A field says from which version to which it exists (`since`, `until`, both inclusive), where it may be null, its
 * tag, its default, and whether an older version may drop its value silently (`ignorable`). TypeScript infers from it
 * both the decoded value and what an encoder accepts. A schema never holds bytes or behaviour. KIP-482 for tags.
 */

/** A tagged field of a tag that the schema does not know, kept as received. */
export interface UnknownTaggedField {
  readonly tag: number
  readonly data: Buffer
}

/** What a field may say about itself beside its type. */
export interface FieldOptions<T> {
  /** First version with this field; the message's first when absent. */
  readonly since?: number
  /** Last version with this field; the message's last when absent. */
  readonly until?: number
  /** Null is allowed in every version that has the field. */
  readonly nullable?: true
  /** Null is allowed from this version on. */
  readonly nullableSince?: number
  /** Null is allowed up to this version. */
  readonly nullableUntil?: number
  /** Sent as a tagged field, and only when it differs from its default. */
  readonly tag?: number
  /** The value of a field that is absent; zero, empty or false unless told. */
  readonly default?: T | null
  /** An encoder for a version without this field drops its value; otherwise that is an error. */
  readonly ignorable?: true
  /** `false` keeps the old length prefix in flexible versions (the request header's client id). */
  readonly flexible?: false
}

export type ScalarKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint16'
  | 'uint32'
  | 'float64'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records'

/** A field: its type, its options, and (only for the compiler) the types of its value. */
export interface Field<V = unknown, I = unknown, Optional extends boolean = boolean> {
  readonly kind: ScalarKind | 'array' | 'struct'
  readonly options: FieldOptions<unknown>
  /** The element of an array. */
  readonly element?: Field
  /** The fields of a struct, in the order in which they are written. */
  readonly fields?: Fields
  /** Never present. */
  readonly types?: { readonly value: V; readonly input: I; readonly optional: Optional }
}

export type Fields = { readonly [name: string]: Field }

/** A struct's field keeps the types of its own fields, so that an element can be named alone. */
export interface StructField<F extends Fields, V = unknown, I = unknown, Optional extends boolean = boolean>
  extends Field<V, I, Optional> {
  readonly kind: 'struct'
  readonly fields: F
}

type Versioned = { since: number } | { until: number } | { tag: number }
type NullableOption = { nullable: true } | { nullableSince: number } | { nullableUntil: number }
type OrNull<T, O> = O extends NullableOption ? T | null : T
type IsOptional<O> = O extends Versioned | { default: unknown } ? true : false
type Made<V, I, O> = Field<OrNull<V, O>, OrNull<I, O>, IsOptional<O>>

type ValueOf<F> = F extends Field<infer V, unknown, boolean> ? V : never
type InputOf<F> = F extends Field<unknown, infer I, boolean> ? I : never
type RequiredNames<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<unknown, unknown, false> ? K : never
}[keyof F]
type OptionalNames<F extends Fields> = Exclude<keyof F, RequiredNames<F>>
type Flat<T> = { [K in keyof T]: T[K] }

/** A decoded struct: every field present, those that the version lacks with their default. */
export type StructValue<F extends Fields> = Flat<
  { readonly [K in keyof F]: ValueOf<F[K]> } & {
    readonly _unknownTaggedFields?: readonly UnknownTaggedField[] | undefined
  }
>

/** What an encoder takes: fields with a version limit, a tag or a default may be left out. */
export type StructInput<F extends Fields> = Flat<
  { readonly [K in RequiredNames<F>]: InputOf<F[K]> } & {
    readonly [K in OptionalNames<F>]?: InputOf<F[K]> | undefined
  } & { readonly _unknownTaggedFields?: readonly UnknownTaggedField[] | undefined }
>

/** The decoded value of a message or struct. */
export type Value<S> = S extends { readonly fields: infer F extends Fields } ? StructValue<F> : never

/** The value that an encoder of a message or struct takes; every `Value<S>` is one. */
export type Input<S> = S extends { readonly fields: infer F extends Fields } ? StructInput<F> : never

function scalar<V, I = V>(kind: ScalarKind) {
  return <const O extends FieldOptions<V> = Record<never, never>>(options?: O): Made<V, I, O> => ({
    kind,
    options: options ?? {},
  })
}

export const bool = scalar<boolean>('bool')
export const int8 = scalar<number>('int8')
export const int16 = scalar<number>('int16')
export const int32 = scalar<number>('int32')
/** Always a bigint: offsets and ids must not lose a bit. */
export const int64 = scalar<bigint>('int64')
export const uint16 = scalar<number>('uint16')
export const uint32 = scalar<number>('uint32')
export const float64 = scalar<number>('float64')
export const string = scalar<string>('string')
/** 22 characters of base64url without padding. */
export const uuid = scalar<string>('uuid')
/** Decoded into memory of its own. */
export const bytes = scalar<Buffer>('bytes')
/** Decoded as a slice of the received buffer, encoded without a copy. */
export const records = scalar<Buffer, Buffer | readonly Buffer[]>('records')

/** An array of a type without options, or of a struct. */
export function array<V, I, const O extends FieldOptions<readonly V[]> = Record<never, never>>(
  element: Field<V, I, boolean>,
  options?: O,
): Made<readonly V[], readonly I[], O> {
  return { kind: 'array', element, options: options ?? {} }
}

/** A struct; alone it names the element of an array, with options it is a field. */
export function struct<
  const F extends Fields,
  const O extends FieldOptions<StructInput<F>> = Record<never, never>,
>(
  fields: F,
  options?: O,
): StructField<F, OrNull<StructValue<F>, O>, OrNull<StructInput<F>, O>, IsOptional<O>> {
  return { kind: 'struct', fields, options: options ?? {} }
}
