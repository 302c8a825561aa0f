/**
 * Writes the source of an encoder: one function for each struct, fields in their order, tagged ones last and
 * only where they differ from their default. A value that the version cannot carry raises an `EncodeError`.
 */
import type { Field, Fields } from '../schema/field.ts'
import type { GeneratedSource } from './decoder-source.ts'
import { defaultOf } from './defaults.ts'
import { type StructShape, shapeOf, type VersionedField } from './shape.ts'

class EncoderWriter {
  readonly #functions: string[] = []
  readonly #structs = new Map<Fields, string>()
  readonly #constants: unknown[] = []
  readonly #message: string
  readonly #version: number
  readonly #flexible: boolean

  constructor(message: string, version: number, flexible: boolean) {
    this.#message = message
    this.#version = version
    this.#flexible = flexible
  }

  finish(fields: Fields): GeneratedSource {
    const root = this.#struct(fields)
    return {
      source: `'use strict'\n${this.#functions.join('\n')}\nreturn ${root}`,
      constants: this.#constants,
    }
  }

  /** Adds the function of a struct, once; the answer is its name. */
  #struct(fields: Fields): string {
    const known = this.#structs.get(fields)
    if (known !== undefined) return known
    const shape = shapeOf(fields, this.#version, this.#flexible)
    const name = `struct${this.#structs.size}`
    this.#structs.set(fields, name)
    const lines = shape.absent
      .filter(([, field]) => field.options.ignorable !== true)
      .map(([field, absent]) => this.#refuseAbsent(field, absent))
    for (const entry of shape.plain) lines.push(this.#plain(entry))
    if (shape.flexible) lines.push(...this.#tags(shape))
    this.#functions.push(`function ${name}(w, v) {\n${lines.join('\n')}\n}`)
    return name
  }

  /** A value that this version cannot carry, and may not lose, is an error unless it is the default. */
  #refuseAbsent(name: string, field: Field): string {
    const text = JSON.stringify(`${this.#message} version ${this.#version} has no ${name}`)
    return `  if (${this.#differs(name, field)}) throw new EncodeError(${text})`
  }

  /** An expression: the field is given and is not its default. */
  #differs(name: string, field: Field): string {
    const value = defaultOf(field)
    const given = `v.${name} !== undefined`
    if (value === null || typeof value !== 'object') return `${given} && v.${name} !== ${literal(value)}`
    return `${given} && !isDefault(${this.#constant(field)}, v.${name})`
  }

  /** The statement of an untagged field; what the caller may leave out is replaced by its default. */
  #plain(entry: VersionedField): string {
    const { options } = entry.field
    const mayBeAbsent =
      options.default !== undefined || options.since !== undefined || options.until !== undefined
    if (!mayBeAbsent) return `  ${this.#write(entry, `v.${entry.name}`)}`
    const value = defaultOf(entry.field)
    const fallback = value === null || typeof value !== 'object' ? literal(value) : this.#constant(value)
    return `  ${this.#write(entry, `(v.${entry.name} === undefined ? ${fallback} : v.${entry.name})`)}`
  }

  /** A statement that writes one value. */
  #write(entry: VersionedField, value: string): string {
    const { kind } = entry.field
    const path = JSON.stringify(`${this.#message} version ${this.#version}: ${entry.name}`)
    switch (kind) {
      case 'string':
        return this.#lengthy(entry, value, `w.${entry.compact ? 'compactText' : 'text16'}(value, ${path})`)
      case 'bytes':
        return this.#lengthy(entry, value, `w.${entry.compact ? 'compactBytes' : 'bytes32'}(value, ${path})`)
      case 'records':
        return this.#lengthy(
          entry,
          value,
          `w.${entry.compact ? 'compactRecords' : 'records32'}(value, ${path})`,
        )
      case 'array':
        return this.#lengthy(entry, value, this.#elements(entry, path))
      case 'struct': {
        const write = `${this.#struct(entry.field.fields ?? {})}(w, value)`
        return this.#lengthy(entry, value, entry.nullable ? `w.int8(1, ${path}); ${write}` : write)
      }
      default:
        return `w.${kind}(${value}, ${path})`
    }
  }

  /** A function that writes null, or refuses it, or writes the value. */
  #lengthy(entry: VersionedField, value: string, write: string): string {
    const text = JSON.stringify(`${this.#message} version ${this.#version}: ${entry.name} must not be null`)
    const onNull = entry.nullable ? `return ${this.#nullOf(entry)}` : `throw new EncodeError(${text})`
    const name = `value${this.#functions.length}`
    this.#functions.push(
      `function ${name}(w, value) {\n  if (value === null || value === undefined) ${onNull}\n  ${write}\n}`,
    )
    return `${name}(w, ${value})`
  }

  #nullOf(entry: VersionedField): string {
    // Inside a tagged field Kafka writes the null of every type as 0.
    if (entry.field.kind === 'struct') return `w.int8(${entry.field.options.tag === undefined ? -1 : 0}, '')`
    if (entry.compact) return 'w.uvarint(0)'
    return entry.field.kind === 'string' ? `w.int16(-1, '')` : `w.int32(-1, '')`
  }

  #elements(entry: VersionedField, path: string): string {
    const { element } = entry.field
    if (element === undefined) throw new Error(`the array ${entry.name} has no element`)
    const count = entry.compact ? 'w.uvarint(value.length + 1)' : `w.int32(value.length, ${path})`
    const write = this.#write(
      { name: entry.name, field: element, nullable: false, compact: entry.compact },
      'value[i]',
    )
    return `${count}\n  for (let i = 0; i < value.length; i++) ${write}`
  }

  #tags(shape: StructShape): string[] {
    const count = shape.tagged.map((_, index) => `(t${index} ? 1 : 0)`)
    const lines = shape.tagged.map(
      ({ name, field }, index) => `  const t${index} = ${this.#differs(name, field)}`,
    )
    lines.push(
      '  const unknown = v._unknownTaggedFields',
      `  w.uvarint(${[...count, '(unknown === undefined ? 0 : unknown.length)'].join(' + ')})`,
    )
    const known = [...shape.tagged.map(({ field }) => field.options.tag ?? 0), ...shape.laterTags].sort(
      (a, b) => a - b,
    )
    if (known.length > 0) lines.push('  let next = 0')
    for (const tag of known) {
      const index = shape.tagged.findIndex(({ field }) => field.options.tag === tag)
      const entry = shape.tagged[index]
      lines.push(`  if (unknown !== undefined) next = w.unknownTags(unknown, next, ${tag})`)
      if (entry === undefined) continue
      lines.push(
        `  if (t${index}) { const at = w.beginTag(${tag}); ${this.#write(entry, `v.${entry.name}`)}; w.endTag(at) }`,
      )
    }
    lines.push(
      `  if (unknown !== undefined) w.unknownTags(unknown, ${known.length > 0 ? 'next' : '0'}, Infinity)`,
    )
    return lines
  }

  #constant(value: unknown): string {
    return `constants[${this.#constants.push(value) - 1}]`
  }
}

function literal(value: unknown): string {
  return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value)
}

export function encoderSource(
  message: string,
  fields: Fields,
  version: number,
  flexible: boolean,
): GeneratedSource {
  return new EncoderWriter(message, version, flexible).finish(fields)
}
