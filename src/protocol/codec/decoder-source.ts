/**
 * Writes the source of a decoder: one function for each struct and array, each struct building one object
 * literal, so that all values of a message have one shape. The source asks no version; what it decides, the bytes decide.
 */
import type { Field, Fields } from '../schema/field.ts'
import { defaultOf } from './defaults.ts'
import { type StructShape, shapeOf, sizeBytesMin, type VersionedField } from './shape.ts'

export interface GeneratedSource {
  readonly source: string
  /** Values that the source refers to as `constants[n]`. */
  readonly constants: readonly unknown[]
}

class DecoderWriter {
  readonly #functions: string[] = []
  readonly #structs = new Map<Fields, string>()
  readonly #constants: unknown[] = []
  readonly #version: number
  readonly #flexible: boolean

  constructor(version: number, flexible: boolean) {
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
    const locals = new Map(shape.all.map(([field], index) => [field, `f${index}`]))
    const localOf = (field: string): string => locals.get(field) ?? 'undefined'
    const lines = shape.plain.map((entry) => `  const ${localOf(entry.name)} = ${this.#read(entry)}`)
    for (const [field, absent] of shape.absent)
      lines.push(`  const ${localOf(field)} = ${this.#default(absent)}`)
    for (const { name: field, field: tagged } of shape.tagged)
      lines.push(`  let ${localOf(field)} = ${this.#default(tagged)}`)
    const members = shape.all.map(([field]) => `${field}: ${localOf(field)}`)
    if (shape.flexible) {
      lines.push(...this.#tags(shape, localOf))
      lines.push(
        `  if (unknown !== undefined) return { ${[...members, '_unknownTaggedFields: unknown'].join(', ')} }`,
      )
    }
    lines.push(`  return { ${members.join(', ')} }`)
    this.#functions.push(`function ${name}(r) {\n${lines.join('\n')}\n}`)
    return name
  }

  #tags(shape: StructShape, localOf: (field: string) => string): string[] {
    const known = shape.tagged.map(
      (entry) =>
        `      case ${entry.field.options.tag}: ${localOf(entry.name)} = ${this.#read(entry)}; r.tagDone(end); break`,
    )
    const later = shape.laterTags.map(
      (tag) => `      case ${tag}: throw r.refuseTag(tag, 'belongs to another version')`,
    )
    return [
      '  let unknown',
      '  for (let left = r.tagCount(); left > 0; left--) {',
      '    const tag = r.uvarint()',
      '    const end = r.tagEnd()',
      '    switch (tag) {',
      ...known,
      ...later,
      '      default: unknown = r.unknownTag(unknown, tag, end)',
      '    }',
      '  }',
    ]
  }

  /** An expression that reads one field. */
  #read(entry: VersionedField): string {
    const { field } = entry
    switch (field.kind) {
      case 'string':
        return this.#lengthy(entry, 'length16', 'text')
      case 'bytes':
        return this.#lengthy(entry, 'length32', 'copy')
      case 'records':
        return this.#lengthy(entry, 'length32', 'slice')
      case 'array':
        return this.#array(entry)
      case 'struct': {
        const read = `${this.#struct(field.fields ?? {})}(r)`
        if (!entry.nullable) return read
        return `(r.${field.options.tag === undefined ? 'present' : 'taggedPresent'}() ? ${read} : null)`
      }
      default:
        return `r.${field.kind}()`
    }
  }

  /** One function for each use, so that its branches and the lengths it sees stay its own. */
  #lengthy(entry: VersionedField, plainLength: string, method: string): string {
    const name = `value${this.#functions.length}`
    this.#functions.push(
      [
        `function ${name}(r) {`,
        `  const length = r.${entry.compact ? 'compactLength' : plainLength}()`,
        `  if (length < 0) ${this.#onNull(entry)}`,
        `  return r.${method}(length)`,
        '}',
      ].join('\n'),
    )
    return `${name}(r)`
  }

  #array(entry: VersionedField): string {
    const { element } = entry.field
    if (element === undefined) throw new Error(`the array ${entry.name} has no element`)
    const read = this.#read({ name: entry.name, field: element, nullable: false, compact: entry.compact })
    const least = sizeBytesMin(element, this.#version, this.#flexible)
    const name = `array${this.#functions.length}`
    this.#functions.push(
      [
        `function ${name}(r) {`,
        `  const count = r.${entry.compact ? 'compactCount' : 'count32'}(${least})`,
        `  if (count < 0) ${this.#onNull(entry)}`,
        '  const elements = []',
        `  for (let index = 0; index < count; index++) elements.push(${read})`,
        '  return elements',
        '}',
      ].join('\n'),
    )
    return `${name}(r)`
  }

  #onNull(entry: VersionedField): string {
    return entry.nullable ? 'return null' : `throw r.refuseNull('${entry.name}')`
  }

  /** A literal, or a constant that all messages share, which is frozen therefore. */
  #default(field: Field): string {
    const value = defaultOf(field)
    if (typeof value === 'bigint') return `${value}n`
    if (value === null || typeof value !== 'object') return JSON.stringify(value)
    return `constants[${this.#constants.push(Buffer.isBuffer(value) ? value : Object.freeze(value)) - 1}]`
  }
}

export function decoderSource(fields: Fields, version: number, flexible: boolean): GeneratedSource {
  return new DecoderWriter(version, flexible).finish(fields)
}
